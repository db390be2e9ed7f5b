"""Files that changed at their source while people were asked about their images."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table

CHANGES = ("deleted", "overwritten", "elsewhere", "back")
"""Closed list: the file is gone; it holds something else; either of these, and the image has another file; it is back again."""


class AskedChange(Table):
    """One file of an image with an open labeling task, and what became of it since the last night."""

    table_name = "asked_changes"

    source = dy.String(primary_key=True)
    #: Path inside the source, as in `sightings`.
    key = dy.String(primary_key=True)
    image_id = dy.String(primary_key=True, regex=DIGEST)
    change = dy.Enum(CHANGES)
