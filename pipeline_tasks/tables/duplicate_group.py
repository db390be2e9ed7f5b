"""Duplicate groups: images that show the same thing."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class DuplicateGroup(Table):
    """An image's duplicate group; one row an image, or several if it resembles groups of different splits."""

    table_name = "duplicate_groups"
    superseded_by_key = ("image_id",)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: The image_id of the first image of the group.
    duplicate_group_id = dy.String(primary_key=True, regex=DIGEST)
    #: True if the image resembles groups of different splits: it is linked to all of them and used by none.
    is_contested = dy.Bool()
