"""Inputs of curate tests: a night's images as rows, with cosines that can be checked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

import numpy as np
import numpy.typing as npt
import polars as pl
from given import image_id

from pipeline_tasks.decoding.jpeg import encode_jpeg, thumbnail
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.storage.blobs.thumbnails import put_thumbnail
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import with_defaults

BACKBONE = "b" * 64
SEEN_AT = datetime(2026, 11, 21, 20, 0, tzinfo=timezone.utc)


@dataclass(frozen=True)
class AnImage:
    """An image that is fine; tests change what they are about."""

    name: str
    embedding: Sequence[float]
    hash: int | None = None
    """None: a hash of its own, at least 7 bits away from all others (made from the name)."""
    pixels: str | None = None
    """Images of one word here have equal pixels."""
    sharpness: float = 100.0
    side_px: int = 300
    metadata: dict[str, object] = field(default_factory=dict)
    drawn: npt.NDArray[np.uint8] | None = None
    """Pixels of its thumbnail; None: it has no thumbnail any more."""
    is_synthetic: bool = False


def record(store: Store, cycle_id: str, images: Sequence[AnImage]) -> None:
    """Write what `record_images` leaves behind."""
    for one in images:
        if one.drawn is not None:
            put_thumbnail(store.objects, image_id(one.name), encode_jpeg(thumbnail(one.drawn)))
    store.finish(
        cycle_id,
        "record_images",
        RecordImagesSummary(len(images), len(images), len(images), 0, 0, 0),
        [
            (Image, _frame(Image, [_image(one) for one in images])),
            (Measurement, _frame(Measurement, [_measurement(one) for one in images])),
            (Embedding, _frame(Embedding, [_embedding(one) for one in images])),
            (Sighting, with_defaults(Sighting, _frame(Sighting, [_sighting(one) for one in images]))),
        ],
    )


def _frame(table: type[Image | Measurement | Embedding | Sighting], rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None) if rows else table.create_empty()


def _image(one: AnImage) -> dict[str, object]:
    fields = {"image_id": image_id(one.name), "md5": image_id(one.name)[:32], "size_bytes": 1000, "file_format": "JPEG"}
    return fields | {
        "width_px": one.side_px,
        "height_px": one.side_px + 10,
        "orientation": 1,
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
    }


def _measurement(one: AnImage) -> dict[str, object]:
    fields: dict[str, object] = dict.fromkeys(Measurement.column_names())
    fields |= {"image_id": image_id(one.name), "pixels_sha256": image_id("pixels " + (one.pixels or one.name))}
    own_hash = int(image_id("hash " + one.name)[:16], 16)
    if one.drawn is not None:
        own_hash = int(measure(one.drawn, ["perceptual_hash"])["perceptual_hash"])
    fields |= {"luma_mean": 120.0, "luma_contrast": 40.0, "sharpness": one.sharpness, "entropy_bits": 7.0}
    return fields | {"perceptual_hash": own_hash if one.hash is None else one.hash}


def _embedding(one: AnImage) -> dict[str, object]:
    fields = {"image_id": image_id(one.name), "backbone_digest": BACKBONE, "engine": "by hand"}
    return fields | {"embedding": [float(value) for value in one.embedding]}


def _sighting(one: AnImage) -> dict[str, object]:
    fields: dict[str, object] = {"source": "inbox", "key": f"{one.name}.jpg", "object_version": "1", "image_id": image_id(one.name)}
    fields |= {"modified_at": SEEN_AT, "is_synthetic": one.is_synthetic} | dict.fromkeys(("device", "clip", "site", "day"))
    return fields | one.metadata
