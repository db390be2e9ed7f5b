"""Tests of planning a collection, as a stage of a separate cycle."""

from __future__ import annotations

import pytest
from given import STARTED_AT, a_project
from given_garbage import DAY, a_root_with_garbage, a_tended_project

from pipeline_tasks.errors import CycleTakenError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.plan_collection import PlanCollectionSummary
from pipeline_tasks.settings import Project
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.unneeded_object import UnneededObject


def planned(store: Store, project: Project, days: float, is_dry_run: bool | None = None) -> PlanCollectionSummary:
    """A plan of a cycle that began after a number of days."""
    moment = STARTED_AT + days * DAY
    return plan_collection(store, CycleOpening(project, f"{moment:%Y-%m-%dT%H%M%S}", "by hand", moment, "test"), is_dry_run)


def test_plan_collection__is_a_dry_run_unless_the_project_or_a_person_says_otherwise(store: Store) -> None:
    assert planned(store, a_project(), 1).is_dry_run
    assert not planned(store, a_tended_project(), 2).is_dry_run
    assert planned(store, a_tended_project(), 3, is_dry_run=True).is_dry_run
    assert not planned(store, a_project(), 4, is_dry_run=False).is_dry_run
    assert store.state().values["collection"] == "2026-11-25T220000", "the last one that moves something"


def test_plan_collection__counts_by_action_and_kind(store: Store) -> None:
    garbage = a_root_with_garbage(store)
    first, second = planned(store, a_project(), 60), planned(store, a_project(), 62)

    assert first.objects == {"wait": 5, "trash": 0, "keep_in_trash": 0, "purge": 0, "put_back": 0}
    assert second.objects == {"wait": 0, "trash": 5, "keep_in_trash": 0, "purge": 0, "put_back": 0}
    assert second.kinds == {"original": 1, "part": 1, "table": 1, "version index": 1, "version leaf": 1}
    rows = store.read(UnneededObject, "2027-01-22T220000")
    assert second.size_bytes["trash"] == rows["size_bytes"].sum()
    assert garbage.original in rows["key"].to_list()


def test_plan_collection__is_made_once_and_belongs_to_one_run(store: Store) -> None:
    a_root_with_garbage(store)
    first = planned(store, a_project(), 60)
    store.objects.write_new("models/" + "0" * 64 + ".onnx", b"left over since")

    assert planned(store, a_project(), 60) == first
    assert read_cycle(store, "2027-01-20T220000").cycle_kind == "tending"
    with pytest.raises(CycleTakenError, match="belongs to the run 'by hand'"):
        plan_collection(store, CycleOpening(a_project(), "2027-01-20T220000", "another", STARTED_AT, "test"))
