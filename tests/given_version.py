"""A frozen dataset version of small real images, for tests of its readers."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from given import an_open_cycle, image_id
from PIL import Image as PillowImage

from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.split import SPLITS, Split
from pipeline_tasks.tables.split_group import SplitGroup

CLASSES = ("bolt", "nut")
TURNED = 6
"""The EXIF orientation of every third image: it is shown turned by a quarter."""


@dataclass(frozen=True)
class _Recorded:
    images: int


def a_file(number: int, *, is_png: bool = False) -> bytes:
    """An image 24 wide and 16 high whose pixels depend on its number; every third JPEG carries EXIF with an orientation."""
    pixels = np.random.default_rng(number).integers(0, 256, (16, 24, 3), np.uint8)
    buffer, exif = io.BytesIO(), PillowImage.Exif()
    if is_png:
        PillowImage.fromarray(pixels).save(buffer, "PNG")
    else:
        exif[0x0112], exif[0x010F] = TURNED, "a maker's name"
        PillowImage.fromarray(pixels).save(buffer, "JPEG", exif=exif if number % 3 == 0 else b"")
    return buffer.getvalue()


def a_version(store: Store, numbers: Sequence[int], cycle_id: str = "2026-11-21", classes: Sequence[str] = CLASSES) -> str:
    """Put these images into the store, label and freeze them; return the dataset_id. Number 7 of ten is a PNG."""
    cycle = an_open_cycle(store, cycle_id, classes=list(classes))
    files = [a_file(number, is_png=number % 10 == 7) for number in numbers]
    names = [put_original(store.objects, content) for content in files]
    ids = [one for one, _ in names]
    images = [_image(number, content, *name) for number, content, name in zip(numbers, files, names, strict=True)]
    said = [classes[number % len(classes)] for number in numbers]
    groups = pl.DataFrame({"image_id": ids, "split_group_id": ids})
    splits = pl.DataFrame({"split_group_id": ids, "split": [SPLITS[number % 3] for number in numbers], "policy": "rest"})
    writes = [(Image, pl.DataFrame(images)), (SplitGroup, groups), (Split, splits)]
    store.finish(cycle_id, "given", _Recorded(len(ids)), [*writes, *a_label(ids, said, cycle_id)])
    return str(build_dataset_version(store, cycle).dataset_id)


def a_label(ids: Sequence[str], said: Sequence[str], cycle_id: str) -> list[tuple[type, pl.DataFrame]]:
    """Labels of one class each, as one person gave them in this cycle."""
    blank = dict.fromkeys(LabelObject.column_names())
    things = [
        blank | {"image_id": one, "object_index": 0, "label_kind": "class", "class_name": name}
        for one, name in zip(ids, said, strict=True)
    ]
    about = {"labels_version": cycle_id, "state": "labelled", "votes": 1, "agreement_ratio": 1.0} | dict.fromkeys(
        ("consensus_quality", "vote_ids")
    )
    labels = [about | {"image_id": one, "label_config_digest": image_id("config")} for one in ids]
    annotated = {"round_id": cycle_id, "annotator_id": "person-1", "state": "answered", "lead_time_s": 1.0, "is_starred": False}
    annotations = [
        annotated | {"annotation_id": f"1-{one[:8]}", "task_key": one, "image_id": one, "revision": image_id(cycle_id + one)}
        for one in ids
    ]
    at = pl.datetime(2026, 11, 21, 23, time_zone="UTC", time_unit="us")
    return [
        (Label, pl.DataFrame(labels)),
        (LabelObject, pl.DataFrame(things, infer_schema_length=None)),
        (Annotation, pl.DataFrame(annotations).with_columns(updated_at=at)),
    ]


def _image(number: int, content: bytes, one: str, md5: str) -> dict[str, object]:
    is_png = content.startswith(b"\x89PNG")
    is_turned = number % 3 == 0 and not is_png
    assert hashlib.sha256(content).hexdigest() == one
    size = {"width_px": 16, "height_px": 24} if is_turned else {"width_px": 24, "height_px": 16}
    about = {
        "image_id": one,
        "md5": md5,
        "size_bytes": len(content),
        "file_format": "PNG" if is_png else "JPEG",
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
    }
    return about | size | {"orientation": TURNED if is_turned else 1}
