"""Tests of rounds whose images are for people by name, from the push to the next round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.annotations.revisions import annotator_pseudonym
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.second_looks.coming_again import misdirected_images
from pipeline_tasks.second_looks.look import Look, Standing
from pipeline_tasks.storage.history.open_tasks import with_open_task
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.labeling_task import LabelingTask

ADA, BEN = annotator_pseudonym("parts", 1), annotator_pseudonym("parts", 2)
ASSIGNMENT: dict[str, Any] = {"people": {"Ada": {"account": 1}, "Ben": {"account": 2}}, "rules": [{"people": ["Ada", "Ben"]}]}


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def shown_for(round: LabelingRound, cycle: Cycle) -> list[str]:
    """Names in Label Studio, in the order of the tasks' ids."""
    return [round.server.tasks[number]["data"]["for"] for number in round.task_ids(cycle)]


def again(round: LabelingRound, cycle: Cycle) -> list[Look]:
    closed = Standing({}, with_open_task(round.store))
    return misdirected_images(round.store, cycle.project.labeling, closed)


def test_send_to_labeling__names_people_in_tasks_tables_and_tabs(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=3, assignment=ASSIGNMENT)
    summary = round.send(cycle)

    assert shown_for(round, cycle) == ["Ada", "Ben", "Ada"]
    assert store.read(LabelingTask, cycle.cycle_id)["assigned_to"].to_list() == [ADA, BEN, ADA]
    assert (summary.assigned, summary.tasks_for_anyone) == ({ADA: 2, BEN: 1}, 0)
    first, *others = round.server.views.items()
    assert first[0] == summary.label_studio_view_id
    assert [view["data"]["title"] for _, view in others] == ["Ada", "Ben"]
    assert [one["value"] for one in others[0][1]["data"]["filters"]["items"]] == ["Ada", True]
    assert summary.person_tabs == {
        ADA: f"http://label-studio/projects/1/data?tab={others[0][0]}",
        BEN: f"http://label-studio/projects/1/data?tab={others[1][0]}",
    }
    assert round.send(round.open("2026-11-22", images=1, assignment=ASSIGNMENT)).person_tabs == {ADA: summary.person_tabs[ADA]}


def test_send_to_labeling__leaves_a_third_copy_to_anyone(round: LabelingRound) -> None:
    cycle = round.open(images=1, overlap_ratio=1.0, overlap_annotators=3, assignment=ASSIGNMENT)
    summary = round.send(cycle)

    assert sorted(shown_for(round, cycle)) == ["", "Ada", "Ben"]
    assert (summary.assigned, summary.tasks_for_anyone) == ({ADA: 1, BEN: 1}, 1)


def test_send_to_labeling__names_nobody_without_rules(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=2)
    summary = round.send(cycle)
    round.server.annotate(round.task_ids(cycle)[0], ["bolt"], person=7)

    assert all("for" not in task["data"] for task in round.server.tasks.values())
    assert store.read(LabelingTask, cycle.cycle_id)["assigned_to"].to_list() == [None, None]
    assert (summary.assigned, summary.tasks_for_anyone, summary.person_tabs, len(round.server.views)) == ({}, 0, {}, 1)
    collected = round.collect(cycle)
    assert (collected.annotations_by_another, store.current(Annotation)["state"].to_list()) == (0, ["answered"])


def test_collect_annotations__asks_again_where_a_person_answered_who_was_not_asked(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=2, assignment=ASSIGNMENT)
    round.send(cycle)
    of_ada, of_ben = round.task_ids(cycle)
    round.server.annotate(of_ada, ["bolt"], person=1)
    round.server.annotate(of_ben, ["nut"], person=1)
    collected = round.collect(cycle)
    round.resolve(cycle)

    assert (collected.annotations_new, collected.annotations_by_another, collected.tasks_unanswered) == (2, 1, 0)
    labels = {row["state"]: row["votes"] for row in store.current(Label).iter_rows(named=True)}
    assert labels == {"labelled": 1, "unsure": 0}
    (look,) = again(round, cycle)
    tasks = store.read(LabelingTask, cycle.cycle_id)
    assert (look.image_id, look.purpose) == (tasks.filter(assigned_to=BEN)["image_id"][0], "overlap")

    second = round.open("2026-11-22", images=0, looks={look.image_id: look.purpose}, assignment=ASSIGNMENT)
    round.send(second)
    assert again(round, second) == [], "it is open"
    (again_id,) = round.task_ids(second)
    round.server.annotate(again_id, ["nut"], person=1 if shown_for(round, second) == ["Ada"] else 2)
    round.collect(second)
    round.resolve(second)
    assert again(round, second) == [], "its vote was made up for"
    assert store.current(Label)["state"].to_list() == ["labelled", "labelled"]


def test_misdirected_images__come_again_where_one_person_answered_both_copies(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1, overlap_ratio=1.0, overlap_annotators=2, assignment=ASSIGNMENT)
    round.send(cycle)
    for number in round.task_ids(cycle):
        round.server.annotate(number, ["bolt"], person=2)
    collected = round.collect(cycle)
    round.resolve(cycle)

    assert (collected.annotations_by_another, store.current(Label)["votes"].to_list()) == (1, [1])
    (look,) = again(round, cycle)
    round.send(second := round.open("2026-11-22", images=0, looks={look.image_id: look.purpose}, assignment=ASSIGNMENT))
    assert shown_for(round, second) == ["Ada"], "Ben has answered it"


def test_misdirected_images__stay_away_after_so_many_looks(round: LabelingRound) -> None:
    labeling = {"assignment": ASSIGNMENT, "review_at_most_times": 1}
    cycle = round.open(images=1, **labeling)
    round.send(cycle)
    for cycle_id in ("2026-11-22", "2026-11-23"):
        round.server.annotate(round.task_ids(cycle)[0], ["bolt"], person=3)
        round.collect(cycle)
        if cycle_id == "2026-11-22":
            (look,) = again(round, cycle)
            round.send(cycle := round.open(cycle_id, images=0, looks={look.image_id: look.purpose}, **labeling))

    assert again(round, cycle) == []


def test_collect_annotations__uses_such_answers_where_the_rules_say_so(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1, assignment=ASSIGNMENT | {"misdirected": "use"})
    round.send(cycle)
    round.server.annotate(round.task_ids(cycle)[0], ["bolt"], person=2)

    assert round.collect(cycle).annotations_by_another == 1
    assert store.current(Annotation).filter(pl.col("state").cast(pl.String) == "answered").height == 1
    assert again(round, cycle) == []


def test_collect_annotations__sets_an_edited_name_back_and_a_deleted_project_shows_it_again(round: LabelingRound) -> None:
    cycle = round.open(images=2, assignment=ASSIGNMENT)
    summary = round.send(cycle)
    edited = round.server.tasks[round.task_ids(cycle)[1]]
    edited["data"] = edited["data"] | {"for": "Ada"}
    assert round.collect(cycle).tasks_set_back == 1
    assert edited["data"]["for"] == "Ben"

    round.server.delete_project(summary.label_studio_project_id or 0)
    round.server.views.clear()
    round.send(second := round.open("2026-11-22", images=0, assignment=ASSIGNMENT))
    round.collect(second)
    assert sorted(task["data"]["for"] for task in round.server.tasks.values()) == ["Ada", "Ben"]
    assert [view["data"]["title"] for view in round.server.views.values()][1:] == ["Ada", "Ben"]
