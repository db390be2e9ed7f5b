"""Tests of labels from weighed people in a night, and of gold, which never changes a label."""

from __future__ import annotations

from pathlib import Path

import given
import polars as pl
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.annotations.weighing import LEAST_SHARED
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.annotator_score import AnnotatorScore
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.labeling_task import LabelingTask

SHARED = LEAST_SHARED + 4
DISPUTED = SHARED - 3


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def a_night(round: LabelingRound, consensus: str = "weighed", cycle_id: str = "2026-11-21") -> tuple[Cycle, str]:
    """Persons 0 and 1 are right, person 2 says bolt or nut by turns of three; on one image 0 says nut, 2 bolt, 1 nothing."""
    cycle = round.open(cycle_id, images=SHARED, overlap_ratio=1.0, overlap_annotators=3, consensus=consensus)
    round.send(cycle)
    for at, task_id in enumerate(round.task_ids(cycle)):
        person, image = divmod(at, SHARED)
        right = ("bolt", "nut")[image % 2]
        if image == DISPUTED and person == 1:
            continue
        round.server.annotate(task_id, [("bolt", "bolt", "nut")[image % 3] if person == 2 else right], person=person)
    round.collect(cycle)
    tasks = round.store.read(LabelingTask, cycle.cycle_id).filter(copy_number=0)
    return cycle, str(tasks["image_id"][DISPUTED])


def test_resolve_labels__weighs_people_once_enough_is_known_about_them(round: LabelingRound, store: Store) -> None:
    cycle, disputed = a_night(round)
    summary = round.resolve(cycle)

    assert summary.weighed.startswith("Labels weigh 3 people alone, as a model has too little to learn from")
    label = store.rows_of(Label, [disputed]).to_dicts()[0]
    assert (label["state"], label["votes"], label["agreement_ratio"]) == ("labelled", 2, 0.5)
    assert 0.7 < label["consensus_quality"] < 1
    assert store.rows_of(LabelObject, [disputed])["class_name"].to_list() == ["nut"]
    ids = store.rows_of(Annotation, [disputed])["annotation_id"]
    assert label["vote_ids"] == sorted(ids)
    cards = store.read(AnnotatorScore, cycle.cycle_id)
    assert sorted(cards["images"]) == [SHARED - 1, SHARED, SHARED]
    assert cards.sort("accuracy")["accuracy"][0] < 0.7 < cards.sort("accuracy")["accuracy"][1]


def test_resolve_labels__takes_the_kinds_own_consensus_where_it_is_asked_for(round: LabelingRound, store: Store) -> None:
    cycle, disputed = a_night(round, consensus="kind")
    summary = round.resolve(cycle)

    assert summary.weighed == ""
    label = store.rows_of(Label, [disputed]).to_dicts()[0]
    assert (label["state"], label["consensus_quality"], len(label["vote_ids"])) == ("unsure", None, 2)


def test_resolve_labels__goes_back_to_the_kinds_consensus_when_asked_anew(round: LabelingRound, store: Store) -> None:
    cycle, disputed = a_night(round)
    round.resolve(cycle)
    later = round.open("2026-11-22", images=0, consensus="kind")
    round.send(later)
    number = int(store.rows_of(Annotation, [disputed])["annotation_id"][0].split("-")[1])
    round.server.edit(number, ["nut"])
    round.collect(later)
    round.resolve(later)

    assert store.rows_of(Label, [disputed])["state"].cast(str).to_list() == ["unsure"]


def test_resolve_labels__resolves_anew_what_is_known_better_by_now(round: LabelingRound, store: Store) -> None:
    first, disputed = a_night(round, consensus="kind")
    round.resolve(first)
    second = round.open("2026-11-22", images=0)
    round.send(second)
    round.collect(second)
    summary = round.resolve(second)

    assert (summary.images, summary.weighed_anew, summary.changed_labels) == (1, 1, 1)
    assert store.rows_of(Label, [disputed])["state"].cast(str).to_list() == ["labelled"]


def test_resolve_labels__scores_gold_and_changes_no_label_by_it(round: LabelingRound, store: Store) -> None:
    first = round.open(images=2)
    round.send(first)
    for task_id in round.task_ids(first):
        round.server.annotate(task_id, ["bolt"], person=0)
    round.collect(first)
    round.resolve(first)
    before = store.current(Label)
    second = round.open("2026-11-22", images=2)
    tasks = round.store.read(LabelingTask, "2026-11-21")
    summary = resolved_gold(round, second, tasks, ["nut", "bolt"])

    assert (summary.images, summary.gold_images, summary.gold_right) == (0, 2, 1)
    assert store.current(Label).sort("image_id").equals(before.sort("image_id"))
    card = store.read(AnnotatorScore, "2026-11-22").filter(pl.col("gold_images") > 0).to_dicts()[0]
    assert (card["gold_images"], card["gold_right"], card["images"]) == (2, 1, 0)


def resolved_gold(round: LabelingRound, cycle: Cycle, known: pl.DataFrame, said: list[str]) -> ResolveLabelsSummary:
    """A night in which another person annotates known images as gold."""
    keys = [given.image_id(f"gold {number}") for number in range(known.height)]
    tasks = known.with_columns(
        task_key=pl.Series(keys), purpose=pl.lit("gold"), label_studio_task_id=pl.Series([900, 901]), round_id=pl.lit("gold")
    )
    nothing = dict.fromkeys(AnnotationObject.column_names())
    rows = [
        {"annotation_id": f"1-{900 + at}", "task_key": key, "round_id": "gold", "image_id": image_id, "revision": key}
        | {
            "annotator_id": "somebody else",
            "state": "answered",
            "lead_time_s": 1.0,
            "updated_at": given.STARTED_AT,
            "is_starred": False,
        }
        for at, (key, image_id) in enumerate(zip(keys, known["image_id"], strict=True))
    ]
    objects = [
        nothing | {"annotation_id": row["annotation_id"], "revision": row["revision"], "object_index": 0} | about
        for row, about in zip(rows, ({"label_kind": "class", "class_name": name} for name in said), strict=True)
    ]
    writes = [(Annotation, pl.DataFrame(rows)), (AnnotationObject, pl.DataFrame(objects, infer_schema_length=None))]
    round.store.finish(cycle.cycle_id, "given", cycle.arguments, [(LabelingTask, tasks)])
    round.store.finish(cycle.cycle_id, "also_given", cycle.arguments, writes)
    return round.resolve(cycle)
