"""Which images people are asked about."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class SelectedImage(Table):
    """One pick of a cycle."""

    table_name = "selected_images"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: From 0, in the order of picking.
    rank = dy.Int32(min=0)
    #: strategy: chosen; control: drawn at random, to measure against.
    arm = dy.Enum(["strategy", "control"])
    #: What chose it: `coverage`, `margin`, `random`, `golden`.
    strategy = dy.String()
    score = dy.Float64()
    #: A sentence that a person understands.
    reason = dy.String()
