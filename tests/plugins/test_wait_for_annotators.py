"""Tests of waiting for annotators: sensor and trigger, with a stand-in for the look at Label Studio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from nightlens_airflow.wait_for_annotators_sensor import WaitForAnnotatorsSensor
from nightlens_airflow.wait_for_annotators_trigger import WaitForAnnotatorsTrigger
from structlog.testing import capture_logs

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError
from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary

pytestmark = pytest.mark.airflow

LATER = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
EARLIER = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
OPEN = WaitForAnnotatorsSummary(
    "belt-1", 10, 0, 0.0, is_released=False, why="nobody answered yet", ask_every_s=5.0, deadline_at=LATER
)


def a_trigger(*looks: bool | Exception, deadline: str = LATER) -> WaitForAnnotatorsTrigger:
    """A trigger that gets these looks one after the other."""
    trigger = WaitForAnnotatorsTrigger(project="belt", cycle_id="2026-11-21", run_key="run", deadline=deadline, ask_every_s=0.001)
    coming = iter(looks)

    async def look(project: str, cycle_id: str, run_key: str) -> WaitForAnnotatorsSummary:
        seen = next(coming)
        if isinstance(seen, Exception):
            raise seen
        return replace(OPEN, is_released=seen)

    trigger.look = look
    return trigger


def fire(trigger: WaitForAnnotatorsTrigger) -> list[dict[str, Any]]:
    async def events() -> list[dict[str, Any]]:
        return [event.payload async for event in trigger.run()]

    return asyncio.run(asyncio.wait_for(events(), timeout=5))


def test_trigger__fires_once_when_the_round_is_released() -> None:
    assert fire(a_trigger(False, False, True)) == [{"project": "belt", "cycle_id": "2026-11-21"}]


def test_trigger__logs_the_progress_whenever_it_changes() -> None:
    looks = [replace(OPEN, why=f"{n} of 4 labeling tasks are annotated") for n in (0, 1, 1)]
    looks.append(replace(looks[-1], is_released=True, form_differences=["Label Studio also offers 'scrap'."]))
    coming = iter(looks)
    trigger = a_trigger()

    async def look(project: str, cycle_id: str, run_key: str) -> WaitForAnnotatorsSummary:
        return next(coming)

    trigger.look = look
    with capture_logs() as logs:
        fire(trigger)
    said = [(one["event"] % tuple(one.get("positional_args", ()))) for one in logs]
    once = "1 of 4 labeling tasks are annotated"
    assert said == ["0 of 4 labeling tasks are annotated", once, f"{once}\nMind: Label Studio also offers 'scrap'."]


def test_trigger__keeps_waiting_while_label_studio_does_not_respond() -> None:
    away = ServiceUnavailableError("label studio is away")

    assert len(fire(a_trigger(away, away, True))) == 1


def test_trigger__wakes_the_task_when_label_studio_is_away_past_the_deadline() -> None:
    assert len(fire(a_trigger(ServiceUnavailableError("away"), deadline=EARLIER))) == 1


def test_trigger__wakes_the_task_for_an_error_that_waiting_cannot_fix() -> None:
    assert len(fire(a_trigger(ServiceRefusedError("token withdrawn")))) == 1


def test_trigger__is_made_again_from_what_it_serialized_without_secrets() -> None:
    trigger = a_trigger()
    path, arguments = trigger.serialize()

    assert path == "nightlens_airflow.wait_for_annotators_trigger.WaitForAnnotatorsTrigger"
    assert set(arguments) == {"project", "cycle_id", "run_key", "deadline", "ask_every_s"}
    assert WaitForAnnotatorsTrigger(**arguments).serialize() == (path, arguments)


def a_sensor(monkeypatch: pytest.MonkeyPatch, look: Callable[[], dict[str, Any]]) -> WaitForAnnotatorsSensor:
    # A task's arguments are data, so nothing can be handed in across Airflow's border: the stage's runner is replaced.
    monkeypatch.setattr("nightlens_airflow.wait_for_annotators_sensor.run", lambda stage, project, cycle_id: look())
    return WaitForAnnotatorsSensor(task_id="wait_for_annotators", project="belt", cycle_id="2026-11-21")


def test_sensor__ends_at_once_when_the_round_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = a_sensor(monkeypatch, lambda: {"is_released": True})

    assert sensor.execute({"run_id": "run"}) == {"is_released": True}  # type: ignore[typeddict-item]


def test_sensor__hands_the_waiting_to_the_trigger_and_looks_again_when_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([False, False, True])
    sensor = a_sensor(monkeypatch, lambda: {"is_released": next(looks), "deadline_at": LATER, "ask_every_s": 5.0})
    context: Any = {"run_id": "run"}

    with pytest.raises(TaskDeferred) as first:
        sensor.execute(context)
    assert first.value.trigger.serialize()[1]["deadline"] == LATER
    with pytest.raises(TaskDeferred):
        getattr(sensor, first.value.method_name)(context, event={})
    assert sensor.resume(context, event={}) == {"is_released": True, "deadline_at": LATER, "ask_every_s": 5.0}
