"""Images by content."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DEFAULT, DIGEST, Table
from pipeline_tasks.upgrades.form import Change


class Image(Table):
    """One image, by the bytes of its original file; its row is in the cycle that first saw it."""

    table_name = "images"
    changes = (Change("0.2.0"),)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: Key of the original in the store, in DVC's layout.
    md5 = dy.String(regex=r"^[0-9a-f]{32}$")
    size_bytes = dy.Int64(min=1)
    #: JPEG, PNG, WEBP, BMP, TIFF, GIF or AVIF, read off the bytes.
    file_format = dy.String()
    #: Size of the canonical image: orientation applied.
    width_px = dy.Int32(min=1)
    height_px = dy.Int32(min=1)
    #: The EXIF orientation that was applied, 1 to 8.
    orientation = dy.Int8(min=1, max=8)
    #: Frames in the file; the first one is the image.
    frames = dy.Int32(min=1)
    #: Version of the rules by which the canonical pixels are made; an image keeps that of its first reading.
    canonical_form = dy.Int8(min=1, metadata={DEFAULT: 1})
    #: Bits that the camera gives in deeper samples, as the source's settings said; null: they said nothing.
    bit_depth = dy.Int8(min=1, max=16, nullable=True)
