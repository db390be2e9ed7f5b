"""Tests of the cycle that a stage runs in when the command line names none."""

from __future__ import annotations

from pathlib import Path

import given
import pytest

from pipeline_tasks.commands.cycle_of_stage import cycle_of_stage
from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    return Store(DiskObjects(tmp_path / "roots" / "parts"))


def test_cycle_of_stage__is_the_named_one_else_the_newest(store: Store) -> None:
    given.an_open_cycle(store, "2026-11-21")
    given.an_open_cycle(store, "2026-11-22")

    assert cycle_of_stage("find_duplicates", "parts", "2026-11-21") == "2026-11-21"
    assert cycle_of_stage("find_duplicates", "parts", None) == "2026-11-22"


def test_cycle_of_stage__is_a_night_and_no_roll_back_or_erasure(store: Store) -> None:
    given.an_open_cycle(store, "2026-11-22")
    opening = CycleOpening(given.a_project(), "2026-11-23T100000", "by hand", given.STARTED_AT, "test")
    open_manual_cycle(store, opening, "erasure")

    assert cycle_of_stage("write_cycle_report", "parts", None) == "2026-11-22"


def test_cycle_of_stage__is_named_by_this_second_for_a_stage_that_opens_one(store: Store) -> None:
    given.an_open_cycle(store, "2026-11-22")

    assert len(cycle_of_stage("roll_back", "parts", None)) == len("2026-11-22T090000")


@pytest.mark.parametrize(
    ("stage", "opener"),
    [
        ("find_duplicates", "open_cycle"),
        ("collect_garbage", "plan_collection"),
        ("run_trial", "open_search"),
        ("probe_backbone", "open_pretraining"),
    ],
)
def test_cycle_of_stage__says_what_to_run_first(store: Store, stage: str, opener: str) -> None:
    with pytest.raises(MissingStageError, match=f"run `{opener} --project parts` first"):
        cycle_of_stage(stage, "parts", None)
