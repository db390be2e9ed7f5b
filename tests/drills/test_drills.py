"""Tests that run the drills of the store at a small size; `make drill-…` runs the same code at full size."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from drills import control_arm, label_studio_faults, rot, writers
from storage.an_s3_server import BUCKET, an_s3_server

from pipeline_tasks.storage.ledger import events as ledger
from pipeline_tasks.storage.objects import s3_objects
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.s3_objects import S3Objects

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_kill_matrix__loses_and_repeats_no_write() -> None:
    # A process of its own: it forks, which one that has used tables before must not.
    environment = os.environ | {"PYTHONPATH": ".:plugins:tests"}
    command = [sys.executable, "tests/drills/kill_matrix.py", "--small"]

    outcome = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert " 0 of them went wrong" in outcome.stdout


@pytest.mark.slow
def test_search__killed_before_and_after_a_trial_is_recorded_ends_as_undisturbed() -> None:
    environment = os.environ | {"PYTHONPATH": ".:plugins:tests"}
    command = [sys.executable, "tests/drills/killed_search.py", "--kills", "2"]

    outcome = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "2 of 2 kills hit; 7 trials" in outcome.stdout


@pytest.mark.slow
def test_collection__removes_no_needed_and_no_new_object() -> None:
    # A process of its own: its children spawn again, and import the drill by its name.
    environment = os.environ | {"PYTHONPATH": ".:plugins:tests"}
    command = [sys.executable, "tests/drills/collection.py", "--writers", "3", "--seconds", "12"]

    outcome = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 40, 43])
def test_damaged_objects__are_named_exactly_refused_and_repaired(tmp_path: Path, seed: int) -> None:
    assert rot.run(tmp_path, objects=300, rotted=60, seed=seed)


@pytest.mark.slow
def test_writers__lose_and_repeat_no_event_on_disk(tmp_path: Path) -> None:
    assert writers.race("disk", partial(DiskObjects, tmp_path / "root"), writers=4, events=5) == []


@pytest.mark.slow
@pytest.mark.services
def test_writers__lose_and_repeat_no_event_on_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_objects, "FIRST_PAUSE_S", 0.0)
    with an_s3_server(tmp_path) as client:
        assert writers.race("S3", partial(writers.on_s3, client.meta.endpoint_url, "race"), writers=4, events=5) == []
        assert writers.lose_responses("S3", S3Objects(writers.LosingResponses(client), BUCKET, "lost"), count=20) == []


@pytest.mark.slow
@pytest.mark.parametrize("is_blind", [False, True])
def test_control_arm__reports_a_gain_that_contains_the_oracles_value(tmp_path: Path, is_blind: bool) -> None:
    told = control_arm.run(tmp_path / "report.html", is_blind=is_blind, nights=6, arrivals=120, budget=60)

    assert told.is_truthful
    assert is_blind or told.truth > 0
    assert not (is_blind and control_arm.claimed(told))
    assert "Did active selection help?" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_label_studio_faults__lose_and_double_no_task_and_no_annotation() -> None:
    assert label_studio_faults.push(tasks=300) == []
    assert label_studio_faults.differences(count=40) == []
    assert label_studio_faults.pull(seed=1, annotations=60) == []


def test_compare__names_an_event_that_was_lost_and_one_that_is_there_twice() -> None:
    objects = MemoryObjects()
    acknowledged = writers.write(lambda: objects, writer=0, events=3)
    assert writers.compare(objects, acknowledged, 3) == []

    objects.delete("ledger/000000000003.json")
    assert "('writer-0', 'event-2'): 0 times in the history" in writers.compare(objects, acknowledged, 3)
    doubled = objects.read("ledger/000000000001.json").content
    ledger.append_event(objects, replace(ledger.parse_event(doubled, "first"), sequence=3))
    assert "('writer-0', 'event-0'): 2 times in the history" in writers.compare(objects, acknowledged, 3)
