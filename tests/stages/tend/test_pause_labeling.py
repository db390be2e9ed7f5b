"""Tests of pausing labeling and resuming it: events in the ledger, and rounds that are held back and come again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import given
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.errors import CycleTakenError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.second_looks.coming_again import may_come_again
from pipeline_tasks.stages.tend.pause_labeling import pause_labeling
from pipeline_tasks.stages.tend.resume_labeling import resume_labeling
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.selection import SelectedImage


def an_opening(cycle_id: str, hours: float = 0.0, run_key: str = "by hand") -> CycleOpening:
    return CycleOpening(given.a_project(), cycle_id, run_key, given.STARTED_AT + timedelta(hours=hours), "test")


def test_pause_labeling__stands_whoever_opens_the_store(store: Store) -> None:
    begun = pause_labeling(store, an_opening("2026-11-21T220000"))
    again = pause_labeling(Store(store.objects), an_opening("2026-11-21T230000", hours=1))

    assert begun.why == "Labeling is paused since 2026-11-21 22:00 UTC. Nights send nothing until `resume_labeling`."
    assert (again.paused_at, "was paused already" in again.why) == (begun.paused_at, True)


def test_pause_labeling__twice_in_one_cycle_is_one_event(store: Store) -> None:
    pause_labeling(store, an_opening("2026-11-21T220000"))
    sequence = store.state().sequence
    pause_labeling(store, an_opening("2026-11-21T220000"))

    assert store.state().sequence == sequence
    with pytest.raises(CycleTakenError):
        pause_labeling(store, an_opening("2026-11-21T220000", run_key="another"))


def test_pause_labeling__holds_a_round_back_whose_images_come_again(store: Store, tmp_path: Path) -> None:
    round = LabelingRound(store, tmp_path)
    pause_labeling(store, an_opening("2026-11-20T220000"))
    held = round.open("2026-11-21", images=3)
    sent = round.send(held)

    assert (sent.is_held, sent.tasks, sent.images, round.server.requests) == (True, 0, 0, [])
    assert (sent.why or "").startswith(
        "Labeling is paused since 2026-11-21 22:00 UTC: nothing was sent. The 3 images can be selected"
    )
    resume_labeling(store, an_opening("2026-11-21T230000", hours=1))
    labels = store.current(Label, ["image_id", "state", "labels_version"])
    next_night = round.open("2026-11-22", images=1)
    again = may_come_again(store, next_night.project.labeling, next_night.cycle_id, "select_images", labels)
    assert again == set(store.read(SelectedImage, held.cycle_id)["image_id"])
    assert round.send(next_night).tasks == 1
