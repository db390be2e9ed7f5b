"""Sightings of images."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DEFAULT, DIGEST, Table
from pipeline_tasks.upgrades.form import Change

POSITION = ("latitude_deg", "longitude_deg")
"""Columns that nobody is shown."""


class Sighting(Table):
    """One place and time an image was seen; many per image."""

    table_name = "sightings"
    changes = (Change("0.2.0"), Change("0.2.0"), Change("0.2.0"), Change("0.2.0"))

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
    #: Time of the capture; null if neither the source nor EXIF data states one that can be, and in rows of earlier releases.
    captured_at = dy.Datetime(time_zone="UTC", time_unit="us", nullable=True)
    #: `source`: the source stated it; `exif`: EXIF data with its offset from UTC; `exif_zone`: the camera's clock, read in the
    #: source's zone; `gps`.
    captured_from = dy.String(nullable=True)
    #: Seconds since the beginning of the clip, of frames of a video.
    clip_time_s = dy.Float64(nullable=True)
    #: Make and model by EXIF data; `device` stays as the source's settings say.
    camera = dy.String(nullable=True)
    exposure_s = dy.Float64(nullable=True)
    f_number = dy.Float64(nullable=True)
    focal_length_mm = dy.Float64(nullable=True)
    iso = dy.Int32(nullable=True)
    #: North and east are positive; rounded to the source's `position_digits`. Shown to nobody and not exported.
    latitude_deg = dy.Float64(nullable=True)
    longitude_deg = dy.Float64(nullable=True)
    #: `field: reason` of each field that EXIF data has and that cannot be used; empty: none; null: EXIF data was not read.
    exif_troubles = dy.String(nullable=True)
    licence = dy.String(nullable=True)
    author = dy.String(nullable=True)
    origin_url = dy.String(nullable=True)
    #: True for a rendered or generated image, by its source's settings.
    is_synthetic = dy.Bool(metadata={DEFAULT: False})
    #: Reason for which an edge agent kept the image: `new`, `diverse` or `asked_for`; null of other sources.
    kept_because = dy.String(nullable=True)
    #: Score of the class that the agent was asked for, by the model of that digest; null if it was not asked for.
    device_score = dy.Float64(nullable=True)
    device_model = dy.String(nullable=True)
    #: `colours` where the source states modality grey, depth or infrared, `no_colours` where it states rgb; null: as stated, or not
    #: looked at, as of images that were known already.
    other_modality = dy.String(nullable=True)
