"""Test images in slices, which are scored on their own."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

SLICES = ("golden", "recent", "control")


class SliceImage(Table):
    """A test image of a dataset version that belongs to a slice; frozen with the version."""

    table_name = "slice_images"

    #: golden: chosen by a person and scored only there; recent: arrived in the last cycles; control: drawn at random,
    #: if the rest of test is curated.
    slice = dy.Enum(SLICES, primary_key=True)
    image_id = dy.String(primary_key=True, regex=DIGEST)
