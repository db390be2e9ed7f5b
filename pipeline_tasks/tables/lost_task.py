"""Labeling tasks that vanished from Label Studio before anyone answered them."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class LostTask(Table):
    """A labeling task that people deleted in Label Studio, with its project or alone; its image may be selected again."""

    table_name = "lost_tasks"

    task_key = dy.String(primary_key=True, regex=DIGEST)
    round_id = dy.String()
    image_id = dy.String(regex=DIGEST)
