"""Tests of resuming labeling after a pause."""

from __future__ import annotations

from stages.tend.test_pause_labeling import an_opening

from pipeline_tasks.stages.tend.pause_labeling import pause_labeling
from pipeline_tasks.stages.tend.resume_labeling import resume_labeling
from pipeline_tasks.storage.history.store import Store


def test_resume_labeling__ends_the_pause_and_says_how_long_it_was(store: Store) -> None:
    pause_labeling(store, an_opening("2026-11-21T220000"))
    ended = resume_labeling(Store(store.objects), an_opening("2026-11-22T000000", hours=2))

    assert (ended.paused_s, ended.why) == (7200, "Labeling goes on after a pause of 2.0 hours.")
    assert resume_labeling(store, an_opening("2026-11-22T000000", hours=2)) == ended


def test_resume_labeling__changes_nothing_without_a_pause(store: Store) -> None:
    assert resume_labeling(store, an_opening("2026-11-22T010000")).why == "Labeling was not paused."
