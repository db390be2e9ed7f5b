"""Nights whose models are given as the images that they get wrong, for tests of the gate's rules."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl
from given import an_open_cycle, image_id

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.prediction import Prediction
from pipeline_tasks.tables.slice_image import SliceImage
from pipeline_tasks.tables.split_group import SplitGroup

FIRST, SECOND = "2026-11-21", "2026-11-22"
CLASSES = ("bolt", "gear", "nut", "washer")
EACH = 9
"""Test images of each class, by number: 0 is golden, 1 is recent."""
CANDIDATE, CHAMPION = image_id("candidate"), image_id("champion")


def an_image_of(class_name: str, number: int) -> str:
    return image_id(f"{class_name} {number}")


def a_given_night(
    store: Store,
    *,
    wrong: Collection[str] = (),
    has_champion: bool = True,
    trained: Collection[str] = CLASSES,
    built: dict[str, Any] | None = None,
    exported: dict[str, Any] | None = None,
    evaluated: dict[str, Any] | None = None,
    **gates: Any,
) -> Cycle:
    """A night that is to be compared: a champion that is always right, and a candidate that is wrong on these test images."""
    an_open_cycle(store, FIRST, classes=list(CLASSES))
    store.finish(FIRST, "given", PromoteModelSummary(None), [(DatasetImage, _version(CLASSES))])
    cycle = an_open_cycle(store, SECOND, classes=list(CLASSES), gates={"margin": 0.3} | gates)
    version = _version(trained)
    slices = [(name, an_image_of(one, number)) for number, name in enumerate(("golden", "recent")) for one in CLASSES]
    writes: list[Any] = [
        (DatasetImage, version),
        (SplitGroup, version.select("image_id", "split_group_id")),
        (SliceImage, pl.DataFrame(slices, schema=["slice", "image_id"], orient="row")),
        (Prediction, pl.concat([_predictions(CANDIDATE, wrong), _predictions(CHAMPION, ())])),
    ]
    names = {"dataset_id": image_id("version"), "dataset_cycle_id": SECOND}
    summary = BuildDatasetVersionSummary(**names, is_changed=True, should_train=True, why="New.", **(built or {}))
    store.finish(SECOND, "build_dataset_version", summary, writes)
    of_file = {"size_bytes": 4_000_000, "parity_max_difference": 1e-6} | (exported or {})
    store.finish(SECOND, "export_model", ExportModelSummary(None, CANDIDATE, **of_file))
    champion = {"champion_digest": CHAMPION, "champion_dataset_cycle_id": FIRST} if has_champion else {}
    simple = {"simple_score": 0.7, "simple_difference": 0.2, "simple_low": 0.1, "simple_high": 0.3}
    corrupted = {"images": 20, "score": 0.8, "champion": 0.8, "difference": 0.0, "low": -0.1, "high": 0.1}
    simple |= {f"corruption_{name}": figure for name, figure in corrupted.items()}
    figures = {"figures": {"calibration_error": 0.02}, "latency_ms": 12.5} | simple | (evaluated or {})
    found = EvaluateModelSummary(None, model_digest=CANDIDATE, score=0.9, **names, **champion, **figures)
    store.finish(SECOND, "evaluate_model", found)
    return cycle


def _version(trained: Collection[str]) -> pl.DataFrame:
    rows = [_row(one, number, "test") for one in CLASSES for number in range(EACH)]
    rows += [_row(one, EACH, "train") for one in trained]
    return pl.DataFrame(rows)


def _row(class_name: str, number: int, split: str) -> dict[str, Any]:
    found = an_image_of(class_name, number)
    about = {"split": split, "label_kind": "class", "class_name": class_name, "label_digest": image_id(class_name)}
    return {"image_id": found, "split_group_id": found, "is_control": split == "test"} | about


def _predictions(digest: str, wrong: Collection[str]) -> pl.DataFrame:
    """Sure of the true class, or of the next one."""
    rows = []
    for at, truth in enumerate(CLASSES):
        for number in range(EACH):
            found = an_image_of(truth, number)
            said = CLASSES[at - 1] if found in wrong else truth
            about = {"model_digest": digest, "image_id": found}
            rows += [about | {"class_name": one, "probability": float(one == said)} for one in CLASSES]
    return pl.DataFrame(rows)
