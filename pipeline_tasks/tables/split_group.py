"""Split groups: images that must not straddle splits."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class SplitGroup(Table):
    """An image's split group: duplicate groups joined with the project's keys. Contested images have no row."""

    table_name = "split_groups"
    superseded_by_key = ("image_id",)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    split_group_id = dy.String(regex=DIGEST)
