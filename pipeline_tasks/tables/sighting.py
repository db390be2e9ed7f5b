"""Sightings of images."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table
from pipeline_tasks.upgrades.form import Change


class Sighting(Table):
    """One place and time an image was seen; many per image."""

    table_name = "sightings"
    changes = (Change("0.2.0"),)

    source = dy.String(primary_key=True)
    key = dy.String(primary_key=True)
    object_version = dy.String(primary_key=True)
    image_id = dy.String(regex=DIGEST)
    #: Null if the time cannot be held, such as the year 30828.
    modified_at = dy.Datetime(time_zone="UTC", time_unit="us", nullable=True)
    #: From the source's `key_pattern`; null if the pattern does not contain it.
    device = dy.String(nullable=True)
    clip = dy.String(nullable=True)
    site = dy.String(nullable=True)
    day = dy.String(nullable=True)
