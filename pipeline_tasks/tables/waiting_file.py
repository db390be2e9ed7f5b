"""Files that wait for a later cycle."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table

REASONS = ("changing", "young", "age_unknown")
"""Closed list: it changed between two looks; it changed too recently; its times give no age and no earlier cycle saw it."""


class WaitingFile(Table):
    """One new file that may not be complete yet; the next cycle checks it again."""

    table_name = "waiting_files"

    source = dy.String(primary_key=True)
    key = dy.String(primary_key=True)
    object_version = dy.String()
    size_bytes = dy.Int64()
    #: Null if the time cannot be held.
    modified_at = dy.Datetime(time_zone="UTC", time_unit="us", nullable=True)
    reason = dy.Enum(REASONS)
    #: When a cycle first found it in this version.
    first_seen_at = dy.Datetime(time_zone="UTC", time_unit="us")
