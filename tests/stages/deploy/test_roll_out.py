from __future__ import annotations

from dataclasses import replace

import pytest
from given_candidates import (
    BAD,
    GOOD,
    RecordingRegistry,
    a_cycle_with_model,
)
from given_deploying import Server, a_night_of, compared
from tiny_model import tiny_model

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.deploy.roll_out import roll_out
from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout

pytestmark = pytest.mark.slow


def test_roll_out__points_the_server_at_the_champion(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, serving={"max_waiting": 9, "min_confidence": 0.6})
    digest = compared(store, cycle).model_digest
    promote_model(store, cycle, RecordingRegistry())

    summary = roll_out(store, cycle, Server(digest))

    pointer = read_pointer(store.objects)
    assert pointer is not None
    assert (pointer.champion_digest, pointer.generation, pointer.class_names) == (digest, 1, ("bolt", "nut"))
    assert (pointer.max_waiting, pointer.min_confidence, pointer.project) == (9, 0.6, "parts")
    assert (summary.server_digest, summary.is_changed) == (digest, True)
    assert summary.why == "The prediction server serves the champion."


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (None, "This project has no prediction server yet"),
        (Server(None), "did not respond"),
        (Server("0" * 64), "It refused the new one."),
    ],
)
def test_roll_out__says_when_the_server_does_not_follow(store: Store, server: Server | None, says: str) -> None:
    cycle = a_cycle_with_model(store, GOOD)
    compared(store, cycle)
    promote_model(store, cycle, RecordingRegistry())

    assert says in roll_out(store, cycle, server).why


def test_roll_out__does_not_change_the_pointer_of_the_same_champion(store: Store) -> None:
    a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    before = store.objects.read(layout.SERVING_POINTER)
    a_night_of(store, BAD, "2026-11-22", "2", RecordingRegistry())

    assert store.objects.read(layout.SERVING_POINTER) == before


def test_roll_out__repairs_a_pointer_that_was_lost_or_broken(store: Store) -> None:
    a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    store.objects.delete(layout.SERVING_POINTER)
    a_night_of(store, BAD, "2026-11-22", "2", RecordingRegistry())
    assert read_pointer(store.objects) is not None

    store.objects.replace(layout.SERVING_POINTER, b"{", store.objects.read(layout.SERVING_POINTER).etag)
    a_night_of(store, tiny_model(["bolt", "nut"], channels=(1, 0), bias=1.0), "2026-11-23", "3", RecordingRegistry())
    assert read_pointer(store.objects) is not None


def test_roll_out__refuses_a_champion_whose_file_changed(store: Store) -> None:
    digest = a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry()).model_digest
    key = layout.model(digest or "")
    store.objects.replace(key, BAD, store.objects.read(key).etag)

    with pytest.raises(CorruptObjectError):
        roll_out(store, a_cycle_with_model(store, None, "2026-11-22"))


def test_deploy_stages__return_the_same_summaries_when_run_again(store: Store) -> None:
    cycle, registry = a_cycle_with_model(store, GOOD), RecordingRegistry()
    first = (compared(store, cycle), promote_model(store, cycle, registry), roll_out(store, cycle))
    sequence = store.state().sequence

    again = (compare_with_champion(store, cycle), promote_model(store, cycle, registry), roll_out(store, cycle, Server(None)))

    assert again == first
    assert store.state().sequence == sequence
    assert replace(first[2], is_changed=True) == first[2]
