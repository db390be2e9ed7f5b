"""Tests of a failed night: the report says in which stage, why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_airflow import write_project

from pipeline_tasks.errors import MissingStageError, ServiceUnavailableError, SettingsError
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.records.write_cycle_report import WriteCycleReportSummary
from pipeline_tasks.storage.blobs.report_files import read_report_file
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.wiring import run
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.failures import FROZEN

CYCLE = "2026-11-21"
OPENED = StageArguments(cycle_arguments=CycleArguments(budget=3))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose project `belt` has opened a cycle with an argument of its own."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "shipped"))
    (tmp_path / "shipped").mkdir()
    (tmp_path / "inbox" / "belt").mkdir(parents=True)
    write_project(tmp_path / "shipped", "belt")
    run.run_stage("open_cycle", "belt", CYCLE, OPENED)
    return tmp_path


def report(home: Path, *failed: str) -> tuple[str, str | None]:
    """The report's page, and the stage that it says failed."""
    summary = run.run_stage("write_cycle_report", "belt", CYCLE, StageArguments(failed_stages=failed))
    assert isinstance(summary, WriteCycleReportSummary)
    return read_report_file(DiskObjects(home / "roots" / "belt"), CYCLE).decode(), summary.failed_in


def fail(stage: str) -> None:
    """Run a stage before the stages that it needs."""
    with pytest.raises(MissingStageError):
        run.run_stage(stage, "belt", CYCLE)


def test_report__of_a_failed_night_says_where_why_and_what_to_do_in_red(home: Path) -> None:
    fail("record_images")
    html, failed_in = report(home)

    assert failed_in == "record_images"
    assert "Failed in record_images: cycle 2026-11-21: " in html
    assert "Correct what the message names, then clear the failed task" in html
    assert 'class="decision bad"' in html
    assert "No decision yet" not in html


def test_report__says_that_settings_are_frozen_when_the_file_was_corrected_during_the_night(home: Path) -> None:
    path = home / "shipped" / "belt.yaml"
    path.write_text(path.read_text().replace("margin: 0.05", "margin: 0.02"))
    fail("record_images")

    assert FROZEN in report(home)[0]


def test_night__continues_with_its_frozen_settings_while_the_file_is_invalid_and_no_new_night_opens(home: Path) -> None:
    (home / "shipped" / "belt.yaml").write_text("project: [")
    run.run_stage("list_new_images", "belt", CYCLE)

    with pytest.raises(SettingsError, match="not readable as YAML"):
        run.run_stage("open_cycle", "belt", "2026-11-22", OPENED)
    fail("find_duplicates")
    assert FROZEN in report(home)[0]


def test_collection__is_planned_while_the_file_is_invalid(home: Path) -> None:
    path = home / "shipped" / "belt.yaml"
    path.write_text(path.read_text().replace("budget", "bugdet"))

    assert run.run_stage("plan_collection", "belt", "2026-11-22T090000", StageArguments(run_key="by hand"))


def test_report__drops_a_failure_once_its_stage_succeeded(home: Path) -> None:
    fail("record_images")
    run.run_stage("list_new_images", "belt", CYCLE)
    run.run_stage("record_images", "belt", CYCLE)
    html, failed_in = report(home)

    assert failed_in is None
    assert "No decision yet: the last completed stage is record_images." in html


def test_report__names_a_stage_whose_process_was_killed(home: Path) -> None:
    html, failed_in = report(home, "measure_images", "cycle_succeeded")

    assert failed_in == "measure_images"
    assert "Failed in measure_images: its process ended without a message: it was killed" in html


def test_report__of_an_unexpected_error_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stage(*_: object) -> None:
        raise ZeroDivisionError("division by <zero>")

    monkeypatch.setitem(run.CALLS, "find_duplicates", stage)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        run.run_stage("find_duplicates", "belt", CYCLE)
    html, _ = report(home)

    assert "Failed in find_duplicates: division by &lt;zero&gt;." in html
    assert "Nightlens does not expect this error" in html


def test_report__of_a_service_that_does_not_respond_says_to_clear_the_task(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stage(*_: object) -> None:
        raise ServiceUnavailableError("mlflow: http://mlflow does not answer")

    monkeypatch.setitem(run.CALLS, "train_model", stage)  # type: ignore[arg-type]
    with pytest.raises(ServiceUnavailableError):
        run.run_stage("train_model", "belt", CYCLE)

    assert "Once it can be reached again, clear the failed task" in report(home)[0]
