"""Unneeded objects of a root, with the action planned for each."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table

ACTIONS = ("wait", "trash", "keep_in_trash", "purge", "put_back")


class UnneededObject(Table):
    """One object that nothing named, or that was in the trash, when the collection was planned."""

    table_name = "unneeded_objects"

    #: Its key; for an object in the trash, its original key.
    key = dy.String(primary_key=True)
    kind = dy.String()
    size_bytes = dy.Int64(min=0)
    #: Time at which a plan first found it unneeded; the wait starts then.
    first_seen_at = dy.Datetime(time_zone="UTC", time_unit="us")
    #: Time of the plan that moved it to the trash, or first found it there.
    trashed_at = dy.Datetime(time_zone="UTC", time_unit="us", nullable=True)
    #: wait: too young; trash: to be moved there; purge: to be deleted for good; put_back: needed again.
    action = dy.Enum(ACTIONS)
