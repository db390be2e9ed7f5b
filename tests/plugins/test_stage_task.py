"""Stages as Airflow tasks."""

from __future__ import annotations

import logging

import nightlens_airflow.endpoints
import pytest
from nightlens_airflow import stage_task
from nightlens_airflow.dag_settings import CYCLE_FORM

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.wiring import run
from pipeline_tasks.wiring.arguments import NO_ARGUMENTS

pytestmark = pytest.mark.airflow


def test_run__logs_what_a_person_can_do_about_an_error(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fails(*_: object) -> None:
        error = MissingStageError("measure_images has not been done")
        error.add_note("Correct what the message names, then clear the failed task.")
        raise error

    monkeypatch.setattr(run, "run_stage", fails)
    monkeypatch.setattr(nightlens_airflow.endpoints, "read_endpoints", lambda project: None)
    monkeypatch.setattr(stage_task, "_of_this_run", lambda arguments: NO_ARGUMENTS)

    with caplog.at_level(logging.WARNING), pytest.raises(MissingStageError):
        stage_task.run("record_images", "belt", "2026-11-21")

    assert [record.getMessage() for record in caplog.records] == ["Correct what the message names, then clear the failed task."]


def test_form_of_a_night__has_the_most_used_fields_first() -> None:
    assert list(CYCLE_FORM)[:4] == ["cycle_id", "budget", "deadline_s", "training"]
