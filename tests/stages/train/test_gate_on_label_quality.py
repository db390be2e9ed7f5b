"""Tests of the gate on label quality in a night: for a kind that trains, and for one that trains nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from given import an_open_cycle, image_id
from reports.test_process import DATA

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.reports.decision import header
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

IMAGES = 40
OBJECTS: dict[str, list[dict[str, str]]] = {
    "class": [{"class_name": "bolt"}, {"class_name": "nut"}],
    "text": [{"text": "AB-12"}, {"text": "AB-13"}],
}


def built(
    store: Store, label_kind: str, agreement: float, limit: float | None, gold_right: int | None = None
) -> BuildDatasetVersionSummary:
    """A version of images that two people annotated, with this agreement."""
    classes = ["bolt", "nut"] if label_kind == "class" else []
    cycle = an_open_cycle(
        store, label_kind=label_kind, classes=classes, gates={"margin": 0.05, "min_agreement": limit, "min_gold_accuracy": 0.9}
    )
    ids = [image_id(number) for number in range(IMAGES)]
    nothing: dict[str, Any] = dict.fromkeys(LabelObject.column_names())
    things = [
        nothing | {"image_id": one, "object_index": 0, "label_kind": label_kind} | OBJECTS[label_kind][at % 2]
        for at, one in enumerate(ids)
    ]
    about = {"labels_version": cycle.cycle_id, "state": "labelled", "votes": 2, "agreement_ratio": agreement} | dict.fromkeys(
        ("consensus_quality", "vote_ids")
    )
    labels = [about | {"image_id": one, "label_config_digest": image_id("config")} for one in ids]
    splits = ["train", "train", "val", "test"] * (IMAGES // 4)
    writes: list[Any] = [
        (Label, pl.DataFrame(labels)),
        (LabelObject, pl.DataFrame(things, infer_schema_length=None)),
        (SplitGroup, pl.DataFrame({"image_id": ids, "split_group_id": ids})),
        (Split, pl.DataFrame({"split_group_id": ids, "split": splits, "policy": ["rest"] * IMAGES})),
    ]
    store.finish(cycle.cycle_id, "given", cycle.arguments, writes)
    if gold_right is not None:
        resolved = ResolveLabelsSummary(IMAGES, IMAGES, 0, 0, 0, None, {}, gold_images=10, gold_right=gold_right)
        store.finish(cycle.cycle_id, "resolve_labels", resolved)
    return build_dataset_version(store, cycle)


@pytest.mark.parametrize(
    ("label_kind", "agreement", "limit", "is_kept", "why"),
    [
        ("class", 0.95, 0.6, True, "Trained: the first model"),
        (
            "class",
            0.55,
            0.6,
            False,
            "Not trained: the gate on label quality holds. Labels of 40 images",
        ),
        ("class", 0.55, None, None, "Trained: the first model"),
        ("text", 0.95, 0.6, True, "Not trained: a model that reads texts cannot be trained"),
        ("text", 0.55, 0.6, False, "Not trained: a model that reads texts cannot be trained"),
    ],
)
def test_gate__holds_the_training_and_says_so_in_the_report_of_every_kind(
    store: Store, label_kind: str, agreement: float, limit: float | None, is_kept: bool | None, why: str
) -> None:
    summary = built(store, label_kind, agreement, limit)

    assert summary.why.startswith(why)
    assert summary.should_train == (label_kind == "class" and is_kept is not False)
    assert (summary.is_label_quality_kept, summary.agreement_images) == (is_kept, IMAGES)
    assert summary.agreement == pytest.approx(agreement)
    assert ("mean character accuracy with the label 0." if label_kind == "text" else " % agree (") in summary.label_quality
    assert summary.images == IMAGES, "the version is frozen all the same"
    shown = str(header(replace(DATA, records=CycleRecords((summary,)))))
    verdict = {True: 'class="decision good"', False: 'class="decision warn"', None: ""}[is_kept]
    assert (verdict in shown) if verdict else (summary.label_quality not in shown)


@pytest.mark.parametrize(("gold_right", "should_train"), [(8, True), (6, False)])
def test_gate__holds_the_training_after_a_round_of_bad_gold(store: Store, gold_right: int, should_train: bool) -> None:
    summary = built(store, "class", 0.95, None, gold_right)

    assert summary.should_train is should_train
    assert ("6 of 10 annotations of gold images in this round are right" in summary.why) is not should_train
