"""Tasks in a Label Studio project of Nightlens that Nightlens did not send."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table

REASONS = ("by_hand", "copy", "unknown_task", "unknown_image", "erased_image")
"""Closed list: it names no image of ours; it has the key of a task that was sent; its image is known, its key is not; the project
has no such image; the image was erased."""


class ForeignTask(Table):
    """One task that Label Studio has and Nightlens did not send, or has no longer; it names no image: that may be erased."""

    table_name = "foreign_tasks"
    superseded_by_key = ("label_studio_project_id", "label_studio_task_id")

    label_studio_project_id = dy.Int64(primary_key=True)
    label_studio_task_id = dy.Int64(primary_key=True)
    reason = dy.Enum(REASONS)
    #: False: it was deleted since.
    is_there = dy.Bool()
