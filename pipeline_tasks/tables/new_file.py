"""Frozen plan of a cycle: the files to measure, by shard."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table
from pipeline_tasks.upgrades.form import Change


class NewFile(Table):
    """One file that no earlier cycle has seen in this state."""

    table_name = "new_files"
    changes = (Change("0.2.0"), Change("0.2.0"))

    source = dy.String(primary_key=True)
    #: Path inside the source, with forward slashes; of a web source, the item's id or address.
    key = dy.String(primary_key=True)
    #: Changes with the file: on a disk, modification time, size, change time and inode.
    object_version = dy.String()
    #: 0 where the listing does not tell it.
    size_bytes = dy.Int64()
    #: Null if the time cannot be held, such as the year 30828.
    modified_at = dy.Datetime(time_zone="UTC", time_unit="us", nullable=True)
    #: Number of the mapped measuring task that works on it, from 0.
    shard = dy.Int32(min=0)
    #: What the source noted for itself when it listed the file, such as an item's address and licence; null: nothing.
    note = dy.String(nullable=True)
