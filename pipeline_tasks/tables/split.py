"""Which split a split group belongs to, for ever."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

SPLITS = ("train", "val", "test")


class Split(Table):
    """A recorded fact; the first writer wins and nothing changes it afterwards."""

    table_name = "splits"

    split_group_id = dy.String(primary_key=True, regex=DIGEST)
    split = dy.Enum(SPLITS)
    #: Why: `control_arm`, `val_share`, `rest`, `merged`, `golden`; of curated splits the kind with its score, such as
    #: `rare: outlier score 0.93`.
    policy = dy.String()
