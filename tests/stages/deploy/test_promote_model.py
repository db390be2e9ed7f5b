from __future__ import annotations

import pytest
from given_candidates import (
    BAD,
    GOOD,
    RecordingRegistry,
    a_cycle_with_model,
)
from given_deploying import BETTER, AwayRegistry, a_night_of, a_roll_back, compared
from tiny_model import tiny_model

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.deploy.roll_out import roll_out
from pipeline_tasks.storage.history.store import Store


def test_promote_model__is_skipped_with_the_reason_of_the_first_skipped_stage(store: Store) -> None:
    cycle, registry = a_cycle_with_model(store, None), RecordingRegistry()

    assert compared(store, cycle).skipped == "There is nothing new to learn from."
    assert promote_model(store, cycle, registry).skipped == "There is nothing new to learn from."
    assert roll_out(store, cycle).skipped == "There is no champion yet, so there is nothing to serve."
    assert registry.aliases == []


def test_promote_model__records_the_champion_and_mirrors_it(store: Store) -> None:
    registry = RecordingRegistry()

    summary = a_night_of(store, GOOD, "2026-11-21", "7", registry)

    champion = store.state().values["champion"]
    assert champion == {
        "model_digest": summary.model_digest,
        "dataset_id": "20261121".ljust(64, "0"),
        "cycle_id": "2026-11-21",
        "registry_version": "7",
    }
    assert (summary.is_promoted, summary.previous_digest) == (True, None)
    assert registry.aliases == [("parts", "7")]


def test_promote_model__keeps_the_champion_and_says_why(store: Store) -> None:
    first = a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    registry = RecordingRegistry()

    second = a_night_of(store, BAD, "2026-11-22", "2", registry)

    assert (second.is_promoted, second.champion_digest) == (False, first.model_digest)
    assert second.why.startswith("Not promoted: it may be worse than the champion by more than")
    assert registry.aliases == [("parts", "1")]


def test_promote_model__sets_the_alias_after_the_registry_did_not_respond(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, version="3")
    compared(store, cycle)
    with pytest.raises(ServiceUnavailableError):
        promote_model(store, cycle, AwayRegistry())
    sequence, registry = store.state().sequence, RecordingRegistry()

    summary = promote_model(store, cycle, registry)

    assert summary.is_promoted
    assert registry.aliases == [("parts", "3")]
    assert store.state().sequence == sequence


def test_promote_model__does_not_promote_over_a_champion_that_was_never_compared(store: Store) -> None:
    registry = RecordingRegistry()
    first = a_night_of(store, GOOD, "2026-11-21", "1", registry)
    a_night_of(store, BETTER, "2026-11-22", "2", registry)
    cycle = a_cycle_with_model(store, tiny_model(["bolt", "nut"], bias=0.7), "2026-11-24", "3")
    assert compared(store, cycle).decision == "promote"
    a_roll_back(store, first.model_digest, registry)

    summary = promote_model(store, cycle, registry)

    assert not summary.is_promoted
    assert summary.champion_digest == first.model_digest
    assert "after the candidate had been compared with another one" in summary.why


def test_promote_model__ends_at_the_last_try_without_a_registry_and_says_so(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD)
    compared(store, cycle)

    summary = promote_model(store, cycle, AwayRegistry(), is_last_try=True)

    assert summary.is_promoted
    assert summary.mirror_notes == ["MLflow is away. The night continued without it; later nights add at most the champion."]
    assert store.state().values["champion"]["model_digest"] == summary.model_digest


def test_promote_model__does_not_retry_the_registry_on_a_night_that_trained_nothing(store: Store) -> None:
    a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    cycle = a_cycle_with_model(store, None, "2026-11-22")
    compared(store, cycle)

    summary = promote_model(store, cycle, AwayRegistry())

    assert summary.skipped == "There is nothing new to learn from."
    assert summary.mirror_notes == ["MLflow is away. The night continued without it; later nights add at most the champion."]


def test_promote_model__names_an_alias_that_was_moved_and_sets_it_back(store: Store) -> None:
    registry = RecordingRegistry()
    a_night_of(store, GOOD, "2026-11-21", "1", registry)
    registry.set_champion_alias("parts", "5")

    summary = a_night_of(store, BAD, "2026-11-22", "2", registry)

    assert summary.mirror_notes == ["MLflow: the alias champion of parts named version 5; set back to the champion, version 1"]
    assert registry.aliases[-1] == ("parts", "1")
