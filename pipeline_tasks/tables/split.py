"""Splits of split groups, which never change."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

SPLITS = ("train", "val", "test")


class Split(Table):
    """Split of one split group; the first writer wins, and it never changes afterwards."""

    table_name = "splits"

    split_group_id = dy.String(primary_key=True, regex=DIGEST)
    split = dy.Enum(SPLITS)
    #: Policy: `control_arm`, `val_share`, `rest`, `merged`, `golden`, `synthetic`; of labelled sets `set: its own`, `set: share`,
    #: `set: rest`; for curated splits with the score, such as `rare: outlier score 0.93`.
    policy = dy.String()
