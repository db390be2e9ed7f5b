"""Leaks between splits that were kept out of dataset versions."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.split import SPLITS
from pipeline_tasks.tables.table import DIGEST, Table


class Leak(Table):
    """A labelled image left out of a dataset version because it shows the same as an image of another split."""

    table_name = "leaks"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    split = dy.Enum(SPLITS)
    #: The image that it resembles; the first of several.
    other_image_id = dy.String(regex=DIGEST)
    other_split = dy.Enum(SPLITS)
    #: group: `find_duplicates` put both into one duplicate group; the others as in `duplicate_pairs`.
    method = dy.Enum(["pixels", "group", "hash", "embedding"])
    #: Bits that differ for hash, cosine for embedding, else 0.
    value = dy.Float64()
    #: True if the previous version had it, so that earlier models may have been trained on it.
    was_in_use = dy.Bool()
