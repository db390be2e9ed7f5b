"""Examples of files that sources leave out."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table
from pipeline_tasks.upgrades.form import Change

REASONS = (
    "thumbnail",
    "trash",
    "snapshot",
    "unfinished",
    "conflict_copy",
    "cache",
    "sidecar",
    "system",
    "hidden",
    "ignored",
    "closed",
    "linked_folder",
    "not_a_file",
    "archived",
    "no_address",
    "other_host",
    "other_licence",
    "beyond_limit",
    "not_received",
    "did_not_answer",
)
"""Closed list of reasons; `docs/how-to/choose-files.md` explains them."""


class LeftOutFile(Table):
    """One of the first files or folders that a source left out for a reason; the summary of `list_new_images` counts all."""

    table_name = "left_out_files"
    changes = (Change("0.2.0"), Change("0.2.0"), Change("0.2.0"), Change("0.2.0"))

    source = dy.String(primary_key=True)
    #: Path inside the source, as in `new_files`.
    key = dy.String(primary_key=True)
    reason = dy.Enum(REASONS)
    #: True for a folder; nothing in it was looked at.
    is_folder = dy.Bool()
