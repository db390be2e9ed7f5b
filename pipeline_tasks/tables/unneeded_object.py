"""Objects of a root that nobody needs, and what becomes of them."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table

ACTIONS = ("wait", "trash", "keep_in_trash", "purge", "put_back")


class UnneededObject(Table):
    """One object that nothing named when the collection was planned, or that lay in the trash then."""

    table_name = "unneeded_objects"

    #: Its key; for one in the trash the key that it had before.
    key = dy.String(primary_key=True)
    kind = dy.String()
    size_bytes = dy.Int64(min=0)
    #: When a plan first found it unneeded; it waits from then on.
    first_seen_at = dy.Datetime(time_zone="UTC", time_unit="us")
    #: When the plan was made that moved it to the trash, or that first found it there.
    trashed_at = dy.Datetime(time_zone="UTC", time_unit="us", nullable=True)
    #: wait: too young; trash: to be moved there; purge: to be deleted for good; put_back: is needed after all.
    action = dy.Enum(ACTIONS)
