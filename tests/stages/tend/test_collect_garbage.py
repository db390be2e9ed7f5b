"""Tests of carrying out the plan of a collection."""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import datetime
from typing import Any

import pytest
from given import STARTED_AT, a_project, an_open_cycle
from given_garbage import DAY, a_root_with_garbage, a_tended_project

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.settings import Project
from pipeline_tasks.stages.tend.collect_garbage import collect_garbage
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.storage.care import collecting
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import events as ledger
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.tables.table_files import TableFile
from pipeline_tasks.storage.versions.dataset_versions import read_version

plan_collection_module = sys.modules[plan_collection.__module__]


def tended(store: Store, project: Project, days: float) -> CollectGarbageSummary:
    """A whole collection after a number of days."""
    moment = STARTED_AT + days * DAY
    cycle_id = f"{moment:%Y-%m-%dT%H%M%S}"
    plan_collection(store, CycleOpening(project, cycle_id, "by hand", moment, "test"))
    return collect_garbage(store, read_cycle(store, cycle_id))


def test_collect_garbage__moves_and_deletes_as_the_dry_run_said(store: Store) -> None:
    a_root_with_garbage(store)
    tended(store, a_project(), 60)
    before = set(store.objects.list(""))
    moment = STARTED_AT + 63 * DAY
    said = plan_collection(store, CycleOpening(a_project(), "2027-01-23", "by hand", moment, "test"))
    assert collect_garbage(store, read_cycle(store, "2027-01-23")).skipped == "This is a dry run: nothing was changed."
    assert before <= set(store.objects.list(""))

    done = tended(store, a_tended_project(), 63.1)

    assert (done.moved_to_trash, done.moved_bytes) == (said.objects["trash"], said.size_bytes["trash"]) == (5, done.moved_bytes)
    assert done.moved_by_kind == said.kinds


def test_collect_garbage__keeps_every_version_intact_and_no_object_twice(disk_store: Store) -> None:
    garbage = a_root_with_garbage(disk_store)
    assert [tended(disk_store, a_tended_project(), days).deleted for days in (60, 63, 78)] == [0, 0, 5]

    again = collect_garbage(disk_store, read_cycle(disk_store, "2027-02-07T220000"))

    assert again.deleted == 5, "the standing summary"
    assert list(disk_store.objects.list(layout.TRASH)) == []
    assert verify_objects(disk_store.objects)[0].damaged == []
    assert read_version(disk_store.objects, garbage.dataset_id).height == 6


def test_collect_garbage__drops_the_temporary_files_of_killed_writers(disk_store: Store) -> None:
    objects = disk_store.objects
    assert isinstance(objects, DiskObjects)
    a_root_with_garbage(disk_store)
    folder = objects._folder / ".temporary"
    for name, age in (("old", 3 * DAY), ("young", 1 * DAY)):
        (folder / name).write_bytes(b"half an obj")
        moment = (STARTED_AT + 60 * DAY - age).timestamp()
        os.utime(folder / name, (moment, moment))

    assert tended(disk_store, a_tended_project(), 60).deleted == 1
    assert [path.name for path in folder.iterdir()] == ["young"]


def test_collect_garbage__keeps_objects_that_were_named_after_the_planning(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    garbage = a_root_with_garbage(store)
    tended(store, a_tended_project(), 60)
    table = store.objects.read(garbage.table).content

    def plan_and_name(*arguments: Any) -> Any:
        rows = collecting.plan(*arguments)
        file = TableFile("quality_issues", "2026-11-21", garbage.table, hashlib.sha256(table).hexdigest(), 1)
        ledger.append_event(store.objects, Event(store.state().sequence + 1, "2026-11-21", "late", {}, (file,)))
        return rows

    monkeypatch.setattr(plan_collection_module, "plan", plan_and_name)
    done = tended(store, a_tended_project(), 63)

    assert (done.moved_to_trash, done.spared) == (4, 1)
    assert store.objects.read(garbage.table).content == table


def test_collect_garbage__requires_a_plan(store: Store) -> None:
    cycle = an_open_cycle(store)

    with pytest.raises(MissingStageError, match="plan_collection has not been done"):
        collect_garbage(store, cycle)


def test_temporary_files__are_old_by_the_time_of_their_last_write(disk_store: Store) -> None:
    assert isinstance(disk_store.objects, DiskObjects)
    assert disk_store.objects.temporary_files(datetime.now(STARTED_AT.tzinfo)) == []
