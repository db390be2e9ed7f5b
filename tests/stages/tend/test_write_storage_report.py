"""Tests of the report on a project's root."""

from __future__ import annotations

import pytest
from given import STARTED_AT, a_project, an_open_cycle
from given_garbage import DAY, a_root_with_garbage, a_tended_project
from given_version import a_version

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.settings import Project
from pipeline_tasks.stages.tend.collect_garbage import collect_garbage
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.stages.tend.write_storage_report import write_storage_report
from pipeline_tasks.storage.blobs.report_files import read_report_file
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store


def page(store: Store, project: Project, days: float, *, is_collected: bool = True) -> str:
    """The report of a cycle after a number of days."""
    moment = STARTED_AT + days * DAY
    cycle_id = f"{moment:%Y-%m-%dT%H%M%S}"
    plan_collection(store, CycleOpening(project, cycle_id, "by hand", moment, "test"))
    cycle = read_cycle(store, cycle_id)
    if is_collected:
        collect_garbage(store, cycle)
    in_place = sum(size for key, size in store.objects.sizes("") if not key.startswith("trash/"))
    assert write_storage_report(store, cycle).size_bytes == in_place
    return read_report_file(store.objects, cycle_id).decode()


def test_write_storage_report__says_what_a_real_run_would_do(store: Store) -> None:
    garbage = a_root_with_garbage(store)
    page(store, a_project(), 60)

    html = page(store, a_project(), 63)

    assert "Dry run: nothing was changed. A real run would move or delete 5 objects." in html
    assert garbage.original in html
    assert "moved to the trash" in html


def test_write_storage_report__says_what_was_done_and_what_it_costs(store: Store) -> None:
    a_root_with_garbage(store)
    project = a_tended_project(price_per_gb_month=1e6)
    page(store, project, 60)

    html = page(store, project, 63)

    assert "5 objects were moved to the trash, 0 were deleted for good, 0 were put back, 0 were kept" in html
    assert "EUR a month" in html
    assert "measure_images of cycle" not in html, "the part has gone"


def test_write_storage_report__states_the_size_of_each_version(store: Store) -> None:
    a_version(store, range(4))
    a_version(store, range(4, 6), "2026-11-22")

    html = page(store, a_project(), 60)

    assert html.count("2026-11-22</td>") == 1
    assert "None: every object in the root is used by the ledger" in html


def test_write_storage_report__is_also_written_before_the_collection(store: Store) -> None:
    assert "Planned, not carried out yet" in page(store, a_tended_project(), 60, is_collected=False)
    with pytest.raises(MissingStageError, match="plan_collection has not been done"):
        write_storage_report(store, an_open_cycle(store))
