"""Frozen plan of a cycle: the files to measure, by shard."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table


class NewFile(Table):
    """One file that no earlier cycle has seen in this state."""

    table_name = "new_files"

    source = dy.String(primary_key=True)
    #: Path inside the source, with forward slashes.
    key = dy.String(primary_key=True)
    #: Changes with the file: on a disk, modification time and size.
    object_version = dy.String()
    size_bytes = dy.Int64()
    modified_at = dy.Datetime(time_zone="UTC", time_unit="us")
    #: Number of the mapped measuring task that works on it, from 0.
    shard = dy.Int32(min=0)
