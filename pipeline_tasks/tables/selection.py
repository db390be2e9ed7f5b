"""Images selected for labeling."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class SelectedImage(Table):
    """One picked image of a cycle."""

    table_name = "selected_images"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: From 0, in the order of picking.
    rank = dy.Int32(min=0)
    #: strategy: chosen by the strategy; control: drawn at random, as a baseline.
    arm = dy.Enum(["strategy", "control"])
    #: Strategy or source of the pick: `coverage`, `margin`, `random`, `golden`.
    strategy = dy.String()
    score = dy.Float64()
    #: Reason, as a sentence for people.
    reason = dy.String()
