"""Which test images are scored by themselves."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

SLICES = ("golden", "recent", "control")


class SliceImage(Table):
    """A test image of a dataset version that is also scored in a smaller set; frozen with the version."""

    table_name = "slice_images"

    #: golden: a person fixed it, and it is scored there only; recent: arrived in the last cycles; control: drawn at random,
    #: where the rest of test is curated.
    slice = dy.Enum(SLICES, primary_key=True)
    image_id = dy.String(primary_key=True, regex=DIGEST)
