"""A dataset version of given files and objects of any label kind, frozen by the real stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from given import STARTED_AT, an_open_cycle, image_id

from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_history import VersionRecord, dataset_versions
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import SPLITS, Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import with_defaults

CYCLE = "2026-11-21"


@dataclass(frozen=True)
class LabelledFile:
    """A file as a source has it, with what people said of it."""

    content: bytes
    objects: Sequence[Any]
    key: str = "inbox/image.jpg"


@dataclass(frozen=True)
class _Recorded:
    images: int


def a_labelled_version(store: Store, files: Sequence[LabelledFile], **settings: Any) -> VersionRecord:
    """Take in these files in turns for train, val and test, label and freeze them; an image without objects is empty."""
    cycle = an_open_cycle(store, CYCLE, **settings)
    labeling = kind_of(cycle.project).labeling
    names = [put_original(store.objects, one.content) for one in files]
    ids = [one for one, _ in names]
    rows = [_image(one.content, *name) for one, name in zip(files, names, strict=True)]
    things = [
        {"image_id": one, "object_index": at, **asdict(labeling.as_columns(thing))}
        for one, file in zip(ids, files, strict=True)
        for at, thing in enumerate(file.objects)
    ]
    about = {"labels_version": CYCLE, "votes": 1, "agreement_ratio": 1.0, "label_config_digest": image_id("config")}
    about |= dict.fromkeys(("consensus_quality", "vote_ids"))
    labels = [
        about | {"image_id": one, "state": "labelled" if file.objects else "empty"} for one, file in zip(ids, files, strict=True)
    ]
    sightings = [_sighting(one, file.key) for one, file in zip(ids, files, strict=True)]
    splits = {"split_group_id": ids, "split": [SPLITS[at % 3] for at in range(len(ids))], "policy": "rest"}
    schema = dict.fromkeys(LabelObject.column_names(), pl.String) | {
        "object_index": pl.Int32,
        **dict.fromkeys(("x_min_px", "y_min_px", "width_px", "height_px"), pl.Float64),
        "points_px": pl.List(pl.Float64),
    }
    writes = [
        (Image, pl.DataFrame(rows, infer_schema_length=None)),
        (Sighting, with_defaults(Sighting, pl.DataFrame(sightings))),
        (SplitGroup, pl.DataFrame({"image_id": ids, "split_group_id": ids})),
        (Split, pl.DataFrame(splits)),
        (Label, pl.DataFrame(labels)),
        (LabelObject, pl.DataFrame(things, schema=schema)),
    ]
    store.finish(CYCLE, "given", _Recorded(len(ids)), writes)
    build_dataset_version(store, cycle)
    return dataset_versions(store)[-1]


def _image(content: bytes, one: str, md5: str) -> dict[str, Any]:
    found = decode(content, Limits())
    height, width = found.pixels.shape[:2]
    size = {"width_px": width, "height_px": height, "orientation": found.orientation, "frames": found.frames}
    about = {"image_id": one, "md5": md5, "size_bytes": len(content), "file_format": found.file_format}
    return about | size | {"canonical_form": 2, "bit_depth": None}


def _sighting(one: str, key: str) -> dict[str, Any]:
    return {"source": "inbox", "key": f"{key}", "object_version": one, "image_id": one, "modified_at": STARTED_AT}
