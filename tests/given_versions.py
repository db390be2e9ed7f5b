"""A project with two dataset versions, made by the real stages from images, annotations and labels."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any

import polars as pl
from given import an_open_cycle

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_history import VersionRecord, dataset_versions
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

SPLITS = {"a": "train", "v": "val", "t": "test"}
FIRST_NIGHT = {"a1": "bolt", "a2": "nut", "a3": "nut", "v1": "nut", "t1": "bolt"}
SECOND_NIGHT = {"a2": "bolt", "a4": "nut"}
"""a2 gets another label, a4 is new; a3 turns out to be blurred."""


def image(name: str) -> bytes:
    return f"the bytes of {name}".encode()


def id_of(name: str) -> str:
    return hashlib.sha256(image(name)).hexdigest()


def two_versions(store: Store) -> tuple[VersionRecord, VersionRecord]:
    """Two nights; anna annotates in the first one, ben in the second."""
    first, second = an_open_cycle(store, "2026-11-21"), an_open_cycle(store, "2026-11-22")
    a_night(store, first, FIRST_NIGHT, FIRST_NIGHT, "anna")
    build(store, first)
    a_night(store, second, SECOND_NIGHT, {"a4": "nut"}, "ben", blurred=("a3",))
    build(store, second)
    return tuple(dataset_versions(store))  # type: ignore[return-value]


def build(store: Store, cycle: Cycle) -> BuildDatasetVersionSummary:
    return build_dataset_version(store, cycle)


def a_night(
    store: Store, cycle: Cycle, classes: dict[str, str], new: dict[str, str], annotator: str, blurred: tuple[str, ...] = ()
) -> None:
    """Record, pick and label a night's images; the first letter of a name is its split's."""
    ids = {name: id_of(name) for name in classes}
    empty: dict[str, Any] = dict.fromkeys(LabelObject.column_names())
    about = {"labels_version": cycle.cycle_id, "state": "labelled", "votes": 1, "agreement_ratio": 1.0} | dict.fromkeys(
        ("consensus_quality", "vote_ids")
    )
    labels = [about | {"image_id": one, "label_config_digest": id_of("config")} for one in ids.values()]
    things = [
        empty | {"image_id": ids[name], "object_index": 0, "label_kind": "class", "class_name": classes[name]} for name in classes
    ]
    fresh = [id_of(name) for name in new]
    splits = pl.DataFrame({"split_group_id": fresh, "split": [SPLITS[name[0]] for name in new]}).with_columns(policy=pl.lit("rest"))
    issues = [{"image_id": id_of(name), "rule": "blurred", "value": 1.0, "limit": 2.0} for name in blurred]
    writes: list[Any] = [
        (Image, pl.DataFrame([_image(store, name) for name in new], schema_overrides={"orientation": pl.Int8})),
        (SelectedImage, pl.DataFrame([_pick(name, rank) for rank, name in enumerate(new)])),
        (Annotation, pl.DataFrame([_annotation(name, annotator, cycle.cycle_id) for name in classes])),
        (Label, pl.DataFrame(labels)),
        (LabelObject, pl.DataFrame(things, infer_schema_length=None)),
        (SplitGroup, pl.DataFrame({"image_id": fresh, "split_group_id": fresh})),
        (Split, splits),
    ]
    writes += [(QualityIssue, pl.DataFrame(issues))] if issues else []
    store.finish(cycle.cycle_id, "given", cycle.arguments, writes)


def _image(store: Store, name: str) -> dict[str, Any]:
    image_id, md5 = put_original(store.objects, image(name))
    size = {
        "size_bytes": len(image(name)),
        "file_format": "PNG",
        "width_px": 4,
        "height_px": 4,
        "orientation": 6,
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
    }
    return {"image_id": image_id, "md5": md5} | size


def _pick(name: str, rank: int) -> dict[str, Any]:
    arm, strategy = ("control", "random") if name[0] == "t" else ("strategy", "coverage")
    return {"image_id": id_of(name), "rank": rank, "arm": arm, "strategy": strategy, "score": 0.0, "reason": "drawn"}


def _annotation(name: str, annotator: str, cycle_id: str) -> dict[str, Any]:
    ids = {"annotation_id": f"{name}-{annotator}", "task_key": id_of(name), "round_id": cycle_id, "image_id": id_of(name)}
    said = {"revision": id_of(name), "annotator_id": annotator, "state": "answered", "lead_time_s": 1.0, "is_starred": False}
    return ids | said | {"updated_at": datetime(2026, 11, 21, tzinfo=timezone.utc)}
