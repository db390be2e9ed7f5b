"""Tests that labels follow annotations, also if these change later."""

from __future__ import annotations

from pathlib import Path

import given
import polars as pl
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.second_looks.audits import expected_share
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.table import empty


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def test_resolve_labels__takes_the_majority(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=3, overlap_ratio=1.0, overlap_annotators=3)
    round.send(cycle)
    annotations = ["bolt", "nut", None, "bolt", "nut", None, "nut", "nut", "bolt"]
    for number, (task_id, said) in enumerate(zip(round.task_ids(cycle), annotations, strict=True)):
        round.server.annotate(task_id, [said] if said else [], person=number // 3)
    round.collect(cycle)
    summary = round.resolve(cycle)

    assert summary == ResolveLabelsSummary(3, 2, 1, 0, 0, pytest.approx(7 / 9), {"bolt": 1, "nut": 1})  # type: ignore[arg-type]
    assert round.resolve(cycle) == summary
    labels = store.read(Label, cycle.cycle_id)
    assert sorted(labels["state"].cast(str)) == ["empty", "labelled", "labelled"]
    assert set(labels["labels_version"]) == {"2026-11-21"}


def test_resolve_labels__resolves_only_changed_images_again(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=3)
    round.send(first)
    numbers = [round.server.annotate(task_id, ["bolt"]) for task_id in round.task_ids(first)]
    round.collect(first)
    round.resolve(first)
    second = round.open("2026-11-22", images=0)
    round.send(second)
    round.server.edit(numbers[0], ["nut"])
    round.server.take_back(numbers[1])
    round.collect(second)
    summary = round.resolve(second)

    assert summary == ResolveLabelsSummary(2, 1, 0, 1, 2, None, {"nut": 1})
    current = store.current(Label)
    assert current.height == 3
    assert current.filter(pl.col("labels_version") == "2026-11-21").height == 1
    taken_back = current.filter(pl.col("votes") == 0)
    assert taken_back["state"].cast(str).to_list() == ["unsure"]
    labelled = store.current(LabelObject).join(current.filter(pl.col("state") == "labelled"), on="image_id", how="semi")
    assert sorted(labelled["class_name"]) == ["bolt", "nut"]


def test_resolve_labels__does_not_count_an_edit_without_a_change(round: LabelingRound) -> None:
    first = round.open("2026-11-21", images=1)
    round.send(first)
    number = round.server.annotate(round.task_ids(first)[0], ["bolt"])
    round.collect(first)
    round.resolve(first)
    second = round.open("2026-11-22", images=0)
    round.send(second)
    round.server.edit(number, ["bolt"])
    round.collect(second)

    assert round.resolve(second).changed_labels == 0


def test_resolve_labels__counts_a_person_once_over_all_copies_and_names_the_contradiction(
    round: LabelingRound, store: Store
) -> None:
    cycle = round.open(images=1, overlap_ratio=1.0, overlap_annotators=3)
    round.send(cycle)
    for task_id, said in zip(round.task_ids(cycle), ["bolt", "nut", "bolt"], strict=True):
        round.server.annotate(task_id, [said], person=1)
    round.collect(cycle)
    summary = round.resolve(cycle)

    assert (summary.contradictions, summary.mean_agreement_ratio) == (1, None)
    assert store.read(Label, cycle.cycle_id)["votes"].to_list() == [1]


def test_resolve_labels__takes_up_annotations_whose_choice_became_a_class(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=2)
    round.send(first)
    for task_id, said in zip(round.task_ids(first), ["scrap", "other"], strict=True):
        round.server.annotate(task_id, [said])
    round.collect(first)
    assert round.resolve(first).unmatched == 2
    second = given.an_open_cycle(store, "2026-11-22", classes=["bolt", "nut", "scrap"])
    store.finish(
        "2026-11-22", "collect_annotations", CollectAnnotationsSummary(0, 0, 0, 0, 0, 0, 0), [(Annotation, empty(Annotation))]
    )

    assert round.resolve(second).images_by_class == {"scrap": 1}
    assert sorted(store.current(Label)["state"].cast(str)) == ["labelled", "unmatched"]


def test_resolve_labels__of_a_night_without_answers_is_empty(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=0)
    round.send(cycle)
    round.collect(cycle)

    assert round.resolve(cycle) == ResolveLabelsSummary(0, 0, 0, 0, 0, None, {})
    assert store.read(Label, cycle.cycle_id).is_empty()


def test_resolve_labels__requires_the_annotations(round: LabelingRound) -> None:
    with pytest.raises(MissingStageError):
        round.resolve(round.open())


def test_resolve_labels__counts_names_of_all_nights_and_warns_of_rare_ones(
    round: LabelingRound, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for number, (cycle_id, said) in enumerate({"2026-11-21": ["bolt"] * 4, "2026-11-22": ["bolt", "nut"]}.items()):
        cycle = round.open(cycle_id, images=len(said), least_share=0.25)
        round.send(cycle)
        for task_id, name in zip(round.task_ids(cycle), said, strict=True):
            round.server.annotate(task_id, [name])
        round.collect(cycle)
        summary = round.resolve(cycle)
        assert summary.labelled_by_name == [{"bolt": 4, "nut": 0}, {"bolt": 5, "nut": 1}][number]

    assert summary.why_unbalanced == "Of 6 labelled images fewer than 0.25 (labeling.least_share) show: nut 16.7% (1)."
    assert summary.why_unbalanced in caplog.text


def test_resolve_labels__counts_audited_labels_that_another_person_gives_another_name(round: LabelingRound, store: Store) -> None:
    first = round.open(images=4)
    round.send(first)
    for task_id in round.task_ids(first):
        round.server.annotate(task_id, ["bolt"], person=1)
    round.collect(first)
    assert round.resolve(first).audited == 0
    images = store.read(Label, first.cycle_id)["image_id"].to_list()
    second = round.open("2026-11-22", images=0, looks=dict.fromkeys(images[:3], "audit"))
    round.send(second)
    tasks = store.read(LabelingTask, second.cycle_id).sort("label_studio_task_id")["label_studio_task_id"]
    for task_id, (name, person) in zip(tasks, [("bolt", 2), ("nut", 2), ("bolt", 1)], strict=True):
        round.server.annotate(task_id, [name], person=person)
    round.collect(second)
    summary = round.resolve(second)

    assert (summary.audited, summary.audited_right) == (2, 1), "who made a label does not audit it"
    assert (summary.images, summary.unsure) == (3, 1)
    assert expected_share(store) == 3 / 6
    third = round.open("2026-11-23", images=0, looks={images[3]: "audit"})
    round.send(third)
    (task_id,) = round.task_ids(third)
    round.server.annotate(task_id, ["bolt"], person=2)
    round.collect(third)
    summary = round.resolve(third)
    assert (summary.audited, summary.audited_so_far, summary.audited_right_so_far) == (1, 3, 2)
