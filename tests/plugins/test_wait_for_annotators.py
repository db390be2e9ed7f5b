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

from pipeline_tasks.clients.label_studio_poller import RoundSeen
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

pytestmark = pytest.mark.airflow

LATER = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
EARLIER = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
OPEN = RoundSeen(tasks=40, answered=0, form="f")


def a_trigger(*looks: RoundSeen | Exception, deadline: str = LATER, look_again_at: str = "") -> WaitForAnnotatorsTrigger:
    """A trigger that gets these looks one after the other, and waits for 4 answers."""
    arguments = {"connection_id": "ls", "label_studio_project_id": 1, "round_id": "belt-1"}
    arguments["look_again_at"] = look_again_at
    waiting = {"deadline": deadline, "ask_every_s": 0.001, "tasks": 4, "tasks_wanted": 4, "form": "f"}
    trigger = WaitForAnnotatorsTrigger(project="belt", cycle_id="2026-11-21", **arguments, **waiting)  # type: ignore[arg-type]
    coming = iter(looks)

    async def look(connection_id: str, project_id: int, round_id: str, every_s: float) -> RoundSeen:
        assert (connection_id, project_id, round_id) == ("ls", 1, "belt-1")
        seen = next(coming)
        if isinstance(seen, Exception):
            raise seen
        return seen

    trigger.look = look
    return trigger


def answered(count: int) -> RoundSeen:
    return replace(OPEN, answered=count)


def fire(trigger: WaitForAnnotatorsTrigger) -> list[dict[str, Any]]:
    async def events() -> list[dict[str, Any]]:
        return [event.payload async for event in trigger.run()]

    return asyncio.run(asyncio.wait_for(events(), timeout=60))


def test_trigger__fires_once_when_enough_tasks_are_answered() -> None:
    assert fire(a_trigger(answered(0), answered(3), answered(4))) == [{"project": "belt", "cycle_id": "2026-11-21"}]


def test_trigger__logs_the_progress_whenever_it_changes() -> None:
    with capture_logs() as logs:
        fire(a_trigger(answered(0), answered(1), answered(1), answered(5)))
    said = [(one["event"] % tuple(one.get("positional_args", ()))) for one in logs]
    assert said == [f"{n} of 4 labeling tasks are annotated" for n in (0, 1, 4)]


def test_trigger__wakes_the_task_when_the_form_was_edited_or_the_project_deleted() -> None:
    assert len(fire(a_trigger(replace(OPEN, form="edited")))) == 1
    assert len(fire(a_trigger(replace(OPEN, is_gone=True)))) == 1


def test_trigger__keeps_waiting_while_label_studio_does_not_respond() -> None:
    away = ServiceUnavailableError("label studio is away")

    assert len(fire(a_trigger(away, away, answered(4)))) == 1


def test_trigger__wakes_the_task_when_label_studio_is_away_past_the_deadline() -> None:
    assert len(fire(a_trigger(ServiceUnavailableError("away"), deadline=EARLIER))) == 1


def test_trigger__wakes_the_task_when_it_is_time_to_look_at_the_ledger() -> None:
    assert len(fire(a_trigger(ServiceUnavailableError("away"), look_again_at=EARLIER))) == 1


def test_trigger__that_an_earlier_release_left_wakes_the_task_at_once() -> None:
    standing = {"project": "belt", "cycle_id": "2026-11-21", "run_key": "run", "deadline": LATER, "ask_every_s": 5.0}

    assert len(fire(WaitForAnnotatorsTrigger(**standing))) == 1  # type: ignore[arg-type]


def test_trigger__wakes_the_task_for_an_error_that_waiting_cannot_fix() -> None:
    assert len(fire(a_trigger(ServiceRefusedError("token withdrawn")))) == 1


def test_trigger__is_made_again_from_what_it_serialized_without_secrets() -> None:
    trigger = a_trigger()
    path, arguments = trigger.serialize()

    assert path == "nightlens_airflow.wait_for_annotators_trigger.WaitForAnnotatorsTrigger"
    assert arguments["connection_id"] == "ls"
    assert WaitForAnnotatorsTrigger(**arguments).serialize() == (path, arguments)


def a_sensor(monkeypatch: pytest.MonkeyPatch, look: Callable[[], dict[str, Any]]) -> WaitForAnnotatorsSensor:
    # A task's arguments are data, so nothing can be handed in across Airflow's border: the stage's runner is replaced.
    monkeypatch.setattr("nightlens_airflow.wait_for_annotators_sensor.run", lambda stage, project, cycle_id: look())
    monkeypatch.setattr("nightlens_airflow.wait_for_annotators_sensor.connection_of", lambda project: "ls")
    return WaitForAnnotatorsSensor(task_id="wait_for_annotators", project="belt", cycle_id="2026-11-21")


def test_sensor__ends_at_once_when_the_round_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = a_sensor(monkeypatch, lambda: {"is_released": True})

    assert sensor.execute({"run_id": "run"}) == {"is_released": True}  # type: ignore[typeddict-item]


def test_sensor__hands_the_waiting_to_the_trigger_and_looks_again_when_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([False, False, True])
    summary = {"deadline_at": LATER, "ask_every_s": 5.0, "tasks": 4, "tasks_wanted": 4, "form": "f"}
    summary |= {"label_studio_project_id": 1, "round_id": "belt-1", "form_differences": ["Label Studio also offers 'scrap'."]}
    summary |= {"look_again_at": EARLIER}
    sensor = a_sensor(monkeypatch, lambda: summary | {"is_released": next(looks)})
    context: Any = {"run_id": "run"}

    with pytest.raises(TaskDeferred) as first:
        sensor.execute(context)
    arguments = first.value.trigger.serialize()[1]
    assert (arguments["deadline"], arguments["connection_id"], arguments["label_studio_project_id"]) == (LATER, "ls", 1)
    assert arguments["look_again_at"] == EARLIER
    with pytest.raises(TaskDeferred):
        getattr(sensor, first.value.method_name)(context, event={})
    assert sensor.resume(context, event={})["is_released"]
