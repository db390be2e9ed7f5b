"""Tests of one look at Label Studio: its decision to release the cycle, and the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import given
import httpx
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.errors import MissingStageError, ServiceUnavailableError
from pipeline_tasks.records.cycle import Cycle, CycleOpening
from pipeline_tasks.records.reminder import Reminder
from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary
from pipeline_tasks.stages.label.wait_for_annotators import wait_for_annotators
from pipeline_tasks.stages.tend.pause_labeling import pause_labeling
from pipeline_tasks.stages.tend.resume_labeling import resume_labeling
from pipeline_tasks.storage.history.reminders import note_reminder
from pipeline_tasks.storage.history.store import Store


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def look(round: LabelingRound, cycle: Cycle, after_s: float = 0) -> WaitForAnnotatorsSummary:
    return wait_for_annotators(
        round.store, cycle, round.server.client(), round.files, given.STARTED_AT + timedelta(seconds=after_s)
    )


def test_wait_for_annotators__is_released_when_enough_tasks_are_annotated_or_skipped(round: LabelingRound) -> None:
    cycle = round.open(images=4, release_ratio=0.5, ask_every_s=7)
    round.send(cycle)
    first, second, *_ = round.task_ids(cycle)
    round.server.annotate(first, ["bolt"])

    before = look(round, cycle)
    assert (before.tasks, before.answered, before.done_ratio, before.is_released, before.ask_every_s) == (4, 1, 0.25, False, 7)
    assert before.why == "1 of 4 labeling tasks are annotated; waiting for 50% or the deadline 2026-11-21 23:00 UTC."
    round.server.annotate(second, [], is_skipped=True)
    after = look(round, cycle)
    assert (after.answered, after.is_released) == (2, True)
    assert after.why == "2 of 4 labeling tasks are annotated, which reaches the required share of 50%."


def test_wait_for_annotators__is_released_at_the_deadline(round: LabelingRound) -> None:
    cycle = round.open()
    round.send(cycle)

    assert not look(round, cycle, after_s=3599).is_released
    late = look(round, cycle, after_s=3600)
    assert late.is_released
    assert "the deadline 2026-11-21 23:00 UTC has passed" in late.why


def test_wait_for_annotators__states_the_deadline_in_the_zone_of_the_project(round: LabelingRound) -> None:
    cycle = round.open()
    cycle = replace(cycle, project=cycle.project.model_copy(update={"time_zone": "Asia/Tokyo"}))
    round.send(cycle)

    assert "the deadline 2026-11-22 08:00 Asia/Tokyo." in look(round, cycle).why


def test_wait_for_annotators__asks_once_and_records_nothing(round: LabelingRound, store: Store) -> None:
    cycle = round.open()
    round.send(cycle)
    sequence, asked = store.state().sequence, len(round.server.requests)
    look(round, cycle)

    number = next(iter(round.server.projects))
    assert round.server.requests[asked:] == ["GET /api/tasks", f"GET /api/projects/{number}"]
    assert store.state().sequence == sequence


def test_wait_for_annotators__does_not_wait_without_a_task(round: LabelingRound) -> None:
    cycle = round.open(images=0)
    round.send(cycle)
    summary = look(round, cycle)

    assert (summary.is_released, summary.done_ratio, round.server.requests) == (True, 1.0, [])
    assert summary.why == "No round was sent, so there is nothing to wait for."


def test_wait_for_annotators__says_what_people_changed_in_the_form(round: LabelingRound) -> None:
    cycle = round.open()
    project = round.server.projects[round.send(cycle).label_studio_project_id or 0]
    project["label_config"] = project["label_config"].replace("</Choices>", '<Choice value="scrap"/></Choices>')

    assert "Label Studio also offers 'scrap', which is no class" in look(round, cycle).form_differences[0]


def test_wait_for_annotators__makes_a_deleted_project_again(round: LabelingRound) -> None:
    cycle = round.open()
    round.send(cycle)
    round.server.delete_project(1)

    first, again = look(round, cycle), look(round, cycle)
    assert (first.tasks, first.answered) == (4, 0)
    assert first.url == again.url
    assert (first.url or "").startswith(f"http://label-studio/projects/{next(iter(round.server.projects))}/data?tab=")
    assert len(round.server.projects) == 1
    assert len(round.server.tasks) == 4
    round.server.annotate(max(round.server.tasks), ["bolt"])
    assert look(round, cycle).answered == 1


def test_wait_for_annotators__says_that_label_studio_does_not_respond(round: LabelingRound) -> None:
    cycle = round.open()
    round.send(cycle)
    round.server.fail("GET /api/tasks", httpx.ConnectError("refused"))

    with pytest.raises(ServiceUnavailableError):
        look(round, cycle)


def test_wait_for_annotators__requires_the_push(round: LabelingRound) -> None:
    with pytest.raises(MissingStageError, match="send_to_labeling has not been done yet"):
        look(round, round.open())


def test_wait_for_annotators__holds_the_clock_while_labeling_is_paused(round: LabelingRound, store: Store) -> None:
    cycle = round.open(reminders=REMINDERS)
    round.send(cycle)
    pause_labeling(store, an_opening("2026-11-21T223000", after_s=1800))

    late = look(round, cycle, after_s=7200)
    assert (late.is_released, late.reminders_due, late.age_s, late.deadline_at) == (False, [], 1800, "2026-11-22T00:30:00+00:00")
    assert late.why.endswith("Labeling is paused since 2026-11-21 22:30 UTC, so the deadline moves on.")
    resume_labeling(store, an_opening("2026-11-22T000000", after_s=7200))
    assert not look(round, cycle, after_s=8999).is_released
    assert look(round, cycle, after_s=8999).reminders_due == ["remind", "escalate"]
    assert look(round, cycle, after_s=9000).is_released


def test_wait_for_annotators__is_released_in_a_pause_when_all_is_annotated(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    pause_labeling(store, an_opening("2026-11-21T223000", after_s=1800))
    round.server.annotate(*round.task_ids(cycle), ["bolt"])

    assert look(round, cycle, after_s=7200).is_released


def an_opening(cycle_id: str, after_s: float) -> CycleOpening:
    """Inputs of a person's command so many seconds after the round's cycle."""
    return CycleOpening(given.a_project(), cycle_id, "by hand", given.STARTED_AT + timedelta(seconds=after_s), "test")


REMINDERS = {
    "remind_after_hours": 0.25,
    "escalate_after_hours": 0.5,
    "remind": {"email": ["people@example.org"]},
    "escalate": {"slack": "ops_webhook"},
}


def test_wait_for_annotators__says_which_reminders_are_due_and_when_the_next_is(round: LabelingRound) -> None:
    cycle = round.open(reminders=REMINDERS)
    sent = round.send(cycle)

    first, second, third = (look(round, cycle, after_s=after_s) for after_s in (600, 900, 1800))
    assert (first.reminders_due, first.look_again_at) == ([], "2026-11-21T22:15:00+00:00")
    assert (second.reminders_due, second.look_again_at) == (["remind"], "2026-11-21T22:30:00+00:00")
    assert (third.reminders_due, third.look_again_at) == (["remind", "escalate"], None)
    assert (third.age_s, third.url) == (1800, sent.url)


def test_wait_for_annotators__does_not_repeat_a_reminder_that_was_told(round: LabelingRound, store: Store) -> None:
    cycle = round.open(reminders=REMINDERS)
    round.send(cycle)
    note_reminder(store.objects, cycle.cycle_id, Reminder("remind", "2026-11-21T22:15:01+00:00"))

    assert look(round, cycle, after_s=1800).reminders_due == ["escalate"]


def test_wait_for_annotators__reminds_nobody_of_a_round_that_is_released_or_without_settings(round: LabelingRound) -> None:
    reminded = round.open(reminders=REMINDERS)
    round.send(reminded)
    plain = round.open("2026-11-22")
    round.send(plain)

    assert look(round, reminded, after_s=3600).reminders_due == []
    assert (look(round, plain, after_s=3599).reminders_due, look(round, plain, after_s=3599).look_again_at) == ([], None)
