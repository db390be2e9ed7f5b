"""Measurements of images."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Measurement(Table):
    """Measurements from one decode of an image; limits are judged later, without opening it again.

    Of a large JPEG (canonical form 3 and later) the small image is measured; from form 4 on, averages of images of 512 px and more.

    A column added later is nullable: null in rows of earlier nights until `backfill` has computed it.
    """

    table_name = "measurements"
    superseded_by_key = ("image_id",)

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: Digest of the canonical pixels: equal for files that decode to the same image. Of a large JPEG (canonical form 3), of its
    #: data without metadata: equal for files that differ in metadata alone.
    pixels_sha256 = dy.String(regex=DIGEST)
    luma_mean = dy.Float64(min=0, max=255)
    #: Standard deviation of luma.
    luma_contrast = dy.Float64(min=0)
    #: Variance of the Laplacian of luma, on an image reduced to at most 256 px.
    sharpness = dy.Float64(min=0)
    #: Shannon entropy of the 256-bin luma histogram.
    entropy_bits = dy.Float64(min=0, max=8)
    #: 64-bit DCT hash (pHash).
    perceptual_hash = dy.UInt64()
