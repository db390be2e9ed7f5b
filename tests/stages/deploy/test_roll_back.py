from __future__ import annotations

import pytest
from given import STARTED_AT, a_project
from given_candidates import (
    GOOD,
    RecordingRegistry,
)
from given_deploying import BETTER, AwayRegistry, a_night_of, a_roll_back

from pipeline_tasks.errors import CycleTakenError, ServiceUnavailableError, SettingsError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.stages.deploy.roll_back import roll_back
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store

pytestmark = pytest.mark.slow


def test_roll_back__restores_exactly_the_earlier_champion(store: Store) -> None:
    registry = RecordingRegistry()
    a_night_of(store, GOOD, "2026-11-21", "1", registry)
    earlier = store.state().values["champion"]
    second = a_night_of(store, BETTER, "2026-11-22", "2", registry)

    summary = a_roll_back(store, None, registry)

    pointer = read_pointer(store.objects)
    assert pointer is not None
    assert (pointer.champion_digest, pointer.generation) == (earlier["model_digest"], 3)
    assert store.state().values["champion"] == earlier
    assert summary.previous_digest == second.model_digest
    assert registry.aliases[-1] == ("parts", "1")
    assert read_cycle(store, "2026-11-23").cycle_kind == "roll_back"


def test_roll_back__accepts_a_shortened_digest_and_can_be_undone(store: Store) -> None:
    registry = RecordingRegistry()
    a_night_of(store, GOOD, "2026-11-21", "1", registry)
    second = a_night_of(store, BETTER, "2026-11-22", "2", registry).model_digest or ""
    a_roll_back(store, None, registry)

    summary = a_roll_back(store, second[:12], registry, "2026-11-24")

    assert summary.model_digest == second
    assert store.state().values["champion"]["registry_version"] == "2"


def test_roll_back__refuses_a_model_that_was_never_champion_and_lists_those_that_were(store: Store) -> None:
    registry = RecordingRegistry()
    first = a_night_of(store, GOOD, "2026-11-21", "1", registry).model_digest or ""
    a_night_of(store, BETTER, "2026-11-22", "2", registry)

    with pytest.raises(SettingsError, match=first):
        a_roll_back(store, "0" * 64, registry)
    assert store.event("2026-11-23", "open_cycle") is None


def test_roll_back__refuses_when_there_is_no_earlier_champion(store: Store) -> None:
    with pytest.raises(SettingsError, match="none"):
        a_roll_back(store, None, RecordingRegistry())
    a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    with pytest.raises(SettingsError, match=r"nothing to roll back to: .* is the first champion; earlier champions: none"):
        a_roll_back(store, None, RecordingRegistry())


def test_roll_back__completes_a_run_that_was_killed(store: Store) -> None:
    registry = RecordingRegistry()
    first = a_night_of(store, GOOD, "2026-11-21", "1", registry).model_digest
    a_night_of(store, BETTER, "2026-11-22", "2", registry)
    with pytest.raises(ServiceUnavailableError):
        a_roll_back(store, None, AwayRegistry())
    sequence = store.state().sequence

    assert a_roll_back(store, None, registry).model_digest == first
    assert registry.aliases[-1] == ("parts", "1")
    assert store.state().sequence == sequence


def test_roll_back__says_when_the_model_is_champion_already(store: Store) -> None:
    digest = a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry()).model_digest

    assert a_roll_back(store, digest, RecordingRegistry()).skipped == "This model is the champion already."


def test_roll_back__refuses_a_cycle_id_of_another_run(store: Store) -> None:
    registry = RecordingRegistry()
    a_night_of(store, GOOD, "2026-11-21", "1", registry)
    a_night_of(store, BETTER, "2026-11-22", "2", registry)

    with pytest.raises(CycleTakenError):
        a_roll_back(store, None, registry, "2026-11-22", run_key="another")


def test_roll_back__ends_at_the_last_try_without_a_registry(store: Store) -> None:
    registry = RecordingRegistry()
    first = a_night_of(store, GOOD, "2026-11-21", "1", registry).model_digest
    a_night_of(store, BETTER, "2026-11-22", "2", registry)
    opening = CycleOpening(a_project(), "2026-11-23", "test", STARTED_AT, "test")

    summary = roll_back(store, opening, AwayRegistry(), is_last_try=True)

    pointer = read_pointer(store.objects)
    assert pointer is not None
    assert summary.model_digest == pointer.champion_digest == first
    assert summary.mirror_notes == ["MLflow is away. The night continued without it; later nights add at most the champion."]
