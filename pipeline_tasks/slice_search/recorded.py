"""Values recorded with images and measured on them, by which slices are sought."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.sighting import Sighting

TEXTS = {
    "source": "source",
    "device": "device",
    "site": "site",
    "day": "day",
    "camera": "camera",
    "file_format": "file format",
}
"""Column → its words in a sentence that goes on with the value."""
NUMBERS = {
    "captured_hour": "hour of the capture (UTC)",
    "iso": "ISO",
    "exposure_s": "exposure in seconds",
    "f_number": "f-number",
    "focal_length_mm": "focal length in mm",
    "megapixels": "megapixels",
    "aspect": "width by height",
    "bytes_a_pixel": "bytes a pixel",
    "luma_mean": "brightness",
    "luma_contrast": "contrast",
    "sharpness": "sharpness",
    "entropy_bits": "entropy in bits",
}
"""Column → its words in a sentence that goes on with bounds."""
_SEEN = ["source", "device", "site", "day", "camera", "captured_at", "iso", "exposure_s", "f_number", "focal_length_mm"]
_MEASURED = ["luma_mean", "luma_contrast", "sharpness", "entropy_bits"]


def recorded_with(store: Store, image_ids: pl.Series) -> pl.DataFrame:
    """One row an image in the order given: image_id and the columns of TEXTS and NUMBERS, of its first sighting."""
    sightings = store.rows_of(Sighting, image_ids, columns=["image_id", *_SEEN])
    seen = sightings.select("image_id", *_SEEN).unique("image_id", keep="first", maintain_order=True)
    columns = ["image_id", "width_px", "height_px", "size_bytes", "file_format"]
    files = store.rows_of(Image, image_ids, columns=columns).select(columns).unique("image_id", keep="first")
    measured = store.rows_of(Measurement, image_ids, columns=["image_id", *_MEASURED]).select("image_id", *_MEASURED)
    rows = pl.DataFrame({"image_id": image_ids})
    for some in (seen, files, measured.unique("image_id", keep="last")):
        rows = rows.join(some, on="image_id", how="left", maintain_order="left")
    pixels = pl.col("width_px").cast(pl.Float64) * pl.col("height_px")
    return rows.select(
        "image_id",
        *TEXTS,
        *(name for name in NUMBERS if name in rows.columns),
        captured_hour=pl.col("captured_at").dt.hour(),
        megapixels=pixels / 1e6,
        aspect=pl.col("width_px") / pl.col("height_px"),
        bytes_a_pixel=pl.col("size_bytes") / pixels,
    )
