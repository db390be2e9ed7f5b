"""A root with a long history: all tables of many nights, rows that no image stands behind."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from unittest.mock import patch

import polars as pl
from a_counting_store import CountingObjects
from tqdm import tqdm

from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import with_defaults

NIGHTS = 100
_LABELLED = 50
"""One image in so many is labelled, and one in so many is quarantined."""
_MOMENT = datetime(2026, 1, 1, tzinfo=timezone.utc)
_OF_ALL = (Image, Sighting, Measurement, DuplicateGroup, SplitGroup)
_OF_SOME = (Split, QualityIssue, SelectedImage, Annotation, Label, LabelObject)
TABLES = (*_OF_ALL, *_OF_SOME)


@dataclass(frozen=True)
class Recorded:
    """Record of each night of the history."""

    images: int


def write_history(objects: ObjectStore, rows: int) -> None:
    """Record so many images in a hundred nights."""
    store, a_night = Store(objects), rows // NIGHTS
    with patch.object(os, "fsync", lambda _: None):
        for number in tqdm(range(NIGHTS), desc="history", unit="night"):
            writes = night_of(number, range(number * a_night, (number + 1) * a_night))
            store.finish(f"2025-{1 + number // 28:02d}-{1 + number % 28:02d}", "record_images", Recorded(a_night), writes)


def read_once(counting: CountingObjects) -> Iterator[tuple[str, str]]:
    """Read each table by a store of its own; what it took the first time, and what it takes from then on."""
    with patch.object(os, "fsync", lambda _: None):
        for table in TABLES:
            figures = []
            for _ in range(2):
                store = Store(counting)
                store.state()
                counting.reset()
                began = time.perf_counter()
                rows = store.current(table).height
                megabytes = sum(counting.size_bytes.values()) / 1e6
                figures.append(f"{len(counting.opened())} objects, {megabytes:.0f} MB, {time.perf_counter() - began:.1f} s")
            yield table.table_name, f"{rows} rows: {figures[0]}; then {figures[1]}"


def night_of(night: int, numbers: range) -> list[Write]:
    """One night's rows of every table."""
    ids = [_digest(f"image {one}") for one in numbers]
    images = pl.DataFrame({"image_id": ids, "number": list(numbers)})
    labelled = images.filter(pl.col("number") % _LABELLED == 0)
    return [
        (Image, _images(ids)),
        (Sighting, _sightings(images)),
        (Measurement, _measurements(ids)),
        (DuplicateGroup, images.select("image_id", duplicate_group_id="image_id", is_contested=pl.lit(value=False))),
        (SplitGroup, images.select("image_id", split_group_id="image_id")),
        (Split, labelled.select(split_group_id="image_id", split=pl.lit("train"), policy=pl.lit("rest"))),
        (QualityIssue, _issues(images.filter(pl.col("number") % _LABELLED == 1))),
        (SelectedImage, _selected(labelled)),
        *_annotations(night, labelled),
    ]


def _images(ids: list[str]) -> pl.DataFrame:
    md5s = [hashlib.md5(one.encode(), usedforsecurity=False).hexdigest() for one in ids]
    sizes = {
        "size_bytes": 200_000,
        "file_format": "JPEG",
        "width_px": 1600,
        "height_px": 1200,
        "orientation": 1,
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
    }
    return pl.DataFrame({"image_id": ids, "md5": md5s}).with_columns(pl.lit(value).alias(name) for name, value in sizes.items())


def _sightings(images: pl.DataFrame) -> pl.DataFrame:
    key = pl.format("line {}/2025/image-{}.jpg", pl.col("number") % 7, "number")
    version = pl.format("{}-200000", pl.col("number") + 1_700_000_000_000)
    where = images.select("image_id", source=pl.lit("inbox"), key=key, object_version=version, modified_at=pl.lit(_MOMENT))
    return with_defaults(Sighting, where)


def _measurements(ids: list[str]) -> pl.DataFrame:
    seen = pl.Series([int(one[:12], 16) for one in ids])
    shares = {"luma_mean": 255.0, "luma_contrast": 80.0, "sharpness": 900.0, "entropy_bits": 8.0}
    rows = pl.DataFrame({"image_id": ids, "pixels_sha256": [_digest(one) for one in ids]})
    values = {name: (seen % (1000 + number)) / (1000 + number) * most for number, (name, most) in enumerate(shares.items())}
    hashes = pl.Series([int(one[16:32], 16) for one in ids], dtype=pl.UInt64)
    return rows.with_columns(**values, perceptual_hash=hashes)


def _issues(images: pl.DataFrame) -> pl.DataFrame:
    return images.select("image_id", rule=pl.lit("flat"), value=pl.lit(1.0), limit=pl.lit(6.0))


def _selected(labelled: pl.DataFrame) -> pl.DataFrame:
    how = {"arm": "strategy", "strategy": "coverage", "score": 1.0, "reason": "Far from all others."}
    rows = labelled.select("image_id").with_columns(pl.lit(value).alias(name) for name, value in how.items())
    return rows.with_columns(rank=pl.int_range(pl.len(), dtype=pl.Int32))


def _annotations(night: int, labelled: pl.DataFrame) -> list[Write]:
    ids = labelled["image_id"].to_list()
    names = [f"1-{number}" for number in labelled["number"]]
    tasks, revisions = [_digest(f"task {one}") for one in ids], [_digest(f"revision {one}") for one in ids]
    annotations = pl.DataFrame({"annotation_id": names, "task_key": tasks, "image_id": ids, "revision": revisions})
    annotations = annotations.with_columns(round_id=pl.lit(f"parts-{night}"), annotator_id=pl.lit("anna"), state=pl.lit("answered"))
    annotations = annotations.with_columns(lead_time_s=pl.lit(2.0), updated_at=pl.lit(_MOMENT), is_starred=False)
    label = {"labels_version": "2025", "state": "labelled", "votes": 1, "agreement_ratio": 1.0}
    nothing = {name: None for name in LabelObject.create_empty().columns if name != "image_id"}
    thing = nothing | {"object_index": 0, "label_kind": "class", "class_name": "bolt"}
    labels = _alike(ids, label | {"label_config_digest": _digest("form")})
    return [(Annotation, annotations), (Label, labels), (LabelObject, _alike(ids, thing))]


def _alike(ids: list[str], values: Mapping[str, object]) -> pl.DataFrame:
    """The same values for each image."""
    return pl.DataFrame({"image_id": ids}).with_columns(pl.lit(value).alias(name) for name, value in values.items())


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
