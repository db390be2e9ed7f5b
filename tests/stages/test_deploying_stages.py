from __future__ import annotations

from dataclasses import replace

import pytest
from given import STARTED_AT, a_project, an_open_cycle
from given_candidates import (
    BAD,
    CONSTANT,
    GOOD,
    InProcessDecoder,
    RecordingRegistry,
    a_cycle_with_model,
    an_exported_model,
)
from tiny_model import DATASET_ID, tiny_model

from pipeline_tasks.clients.prediction_server import Readiness
from pipeline_tasks.cycle import Cycle
from pipeline_tasks.errors import CorruptObjectError, CycleTakenError, ServiceUnavailableError, SettingsError
from pipeline_tasks.stages.compare_with_champion import CompareWithChampionSummary, compare_with_champion
from pipeline_tasks.stages.evaluate_model import evaluate_model
from pipeline_tasks.stages.promote_model import PromoteModelSummary, promote_model
from pipeline_tasks.stages.roll_back import RollBackSummary, roll_back
from pipeline_tasks.stages.roll_out import roll_out
from pipeline_tasks.storage import layout
from pipeline_tasks.storage.cycles import read_cycle
from pipeline_tasks.storage.serving_pointer import read_pointer
from pipeline_tasks.storage.store import Store

BETTER = tiny_model(["bolt", "nut"], channels=(0, 1), bias=0.5)
"""Answers as GOOD does, and is another file."""


class Server:
    """Answers with one digest; None: it is away."""

    def __init__(self, digest: str | None) -> None:
        self.digest = digest

    def wait_for(self, model_digest: str, within_s: float) -> Readiness | None:
        return None if self.digest is None else Readiness(True, self.digest, "It refused the new one.")


class AwayRegistry:
    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        raise ServiceUnavailableError("MLflow is away")


def _compared(store: Store, cycle: Cycle) -> CompareWithChampionSummary:
    evaluate_model(store, cycle, InProcessDecoder(), RecordingRegistry())
    return compare_with_champion(store, cycle)


def _night(store: Store, content: bytes, cycle_id: str, version: str, registry: RecordingRegistry) -> PromoteModelSummary:
    """One cycle from its exported model to its pointer."""
    cycle = a_cycle_with_model(store, content, cycle_id, version)
    _compared(store, cycle)
    promoted = promote_model(store, cycle, registry)
    roll_out(store, cycle)
    return promoted


def _roll_back(
    store: Store, to: str | None, registry: object, cycle_id: str = "2026-11-23", run_key: str = "test"
) -> RollBackSummary:
    return roll_back(store, a_project(), cycle_id, run_key, registry, STARTED_AT, "test", to_model_digest=to)  # type: ignore[arg-type]


def test_compare_with_champion__promotes_the_first_model_that_beats_the_majority(store: Store) -> None:
    summary = _compared(store, a_cycle_with_model(store, GOOD))

    assert summary.decision == "promote"
    assert (summary.candidate_score, summary.majority_score, summary.champion_score) == (1.0, 0.5, None)
    assert (summary.test_images, summary.test_groups, summary.margin) == (12, 12, 0.05)
    assert summary.why.startswith("Promoted: balanced accuracy 100.0 % against 50.0 % of always answering")


def test_compare_with_champion__keeps_nothing_as_champion_when_the_first_model_only_guesses(store: Store) -> None:
    assert _compared(store, a_cycle_with_model(store, CONSTANT)).decision == "keep"


def test_compare_with_champion__keeps_a_champion_that_is_better(store: Store) -> None:
    _night(store, GOOD, "2026-11-21", "1", RecordingRegistry())

    summary = _compared(store, a_cycle_with_model(store, BAD, "2026-11-22"))

    assert (summary.decision, summary.difference, summary.champion_score) == ("keep", -1.0, 1.0)


def test_compare_with_champion__does_not_promote_the_champion_again(store: Store) -> None:
    _night(store, GOOD, "2026-11-21", "1", RecordingRegistry())

    summary = _compared(store, a_cycle_with_model(store, GOOD, "2026-11-22"))

    assert summary.why == "Not promoted: the candidate is the champion itself, to the last byte."


def test_compare_with_champion__refuses_test_pictures_that_the_champion_was_trained_on(store: Store) -> None:
    # On the first night pictures 12 to 15 are training pictures, on the second they are test pictures.
    _night(store, GOOD, "2026-11-21", "1", RecordingRegistry())

    summary = _compared(store, a_cycle_with_model(store, BETTER, "2026-11-22", test=16))

    assert summary.decision == "keep"
    assert "the champion was trained on 4 of the test pictures and on 4 of their split groups" in summary.why


def test_compare_with_champion__refuses_a_champion_of_unknown_origin(store: Store) -> None:
    from given_candidates import BuiltSummary

    cycle = a_cycle_with_model(store, BETTER)
    digest = an_exported_model(store, an_open_cycle(store, "2026-11-20"), GOOD)
    champion = {"model_digest": digest, "dataset_id": DATASET_ID, "cycle_id": "2026-11-20", "registry_version": None}
    store.finish("2026-11-20", "promote_model", BuiltSummary("", ""), sets={"champion": champion})

    assert "cannot be shown on which pictures the champion was trained" in _compared(store, cycle).why


def test_compare_with_champion__explains_missing_test_pictures(store: Store) -> None:
    summary = _compared(store, a_cycle_with_model(store, GOOD, test=0))

    assert (summary.skipped, summary.decision) == (None, "keep")
    assert "no labelled test pictures" in summary.why


def test_every_stage__is_skipped_with_the_reason_of_the_first(store: Store) -> None:
    cycle, registry = a_cycle_with_model(store, None), RecordingRegistry()

    assert _compared(store, cycle).skipped == "There is nothing new to learn from."
    assert promote_model(store, cycle, registry).skipped == "There is nothing new to learn from."
    assert roll_out(store, cycle).skipped == "There is no champion yet, so there is nothing to serve."
    assert registry.aliases == []


def test_promote_model__records_the_champion_and_mirrors_it(store: Store) -> None:
    registry = RecordingRegistry()

    summary = _night(store, GOOD, "2026-11-21", "7", registry)

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
    first = _night(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    registry = RecordingRegistry()

    second = _night(store, BAD, "2026-11-22", "2", registry)

    assert (second.is_promoted, second.champion_digest) == (False, first.model_digest)
    assert second.why.startswith("Not promoted: balanced accuracy 0.0 % against 100.0 % of the champion")
    assert registry.aliases == [("parts", "1")]


def test_promote_model__mends_the_alias_after_the_registry_was_away(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, version="3")
    _compared(store, cycle)
    with pytest.raises(ServiceUnavailableError):
        promote_model(store, cycle, AwayRegistry())
    sequence, registry = store.state().sequence, RecordingRegistry()

    summary = promote_model(store, cycle, registry)

    assert summary.is_promoted
    assert registry.aliases == [("parts", "3")]
    assert store.state().sequence == sequence


def test_promote_model__does_not_promote_over_a_champion_that_was_never_compared(store: Store) -> None:
    registry = RecordingRegistry()
    first = _night(store, GOOD, "2026-11-21", "1", registry)
    _night(store, BETTER, "2026-11-22", "2", registry)
    cycle = a_cycle_with_model(store, tiny_model(["bolt", "nut"], bias=0.7), "2026-11-24", "3")
    assert _compared(store, cycle).decision == "promote"
    _roll_back(store, first.model_digest, registry)

    summary = promote_model(store, cycle, registry)

    assert not summary.is_promoted
    assert summary.champion_digest == first.model_digest
    assert "after the candidate had been compared with another one" in summary.why


def test_roll_out__points_the_server_at_the_champion(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, serving={"max_waiting": 9, "min_confidence": 0.6})
    digest = _compared(store, cycle).model_digest
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
    [(None, "No prediction server is known"), (Server(None), "did not answer"), (Server("0" * 64), "It refused the new one.")],
)
def test_roll_out__says_when_the_server_does_not_follow(store: Store, server: Server | None, says: str) -> None:
    cycle = a_cycle_with_model(store, GOOD)
    _compared(store, cycle)
    promote_model(store, cycle, RecordingRegistry())

    assert says in roll_out(store, cycle, server).why


def test_roll_out__leaves_the_pointer_alone_when_the_champion_stays(store: Store) -> None:
    _night(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    before = store.objects.read(layout.SERVING_POINTER)
    _night(store, BAD, "2026-11-22", "2", RecordingRegistry())

    assert store.objects.read(layout.SERVING_POINTER) == before


def test_roll_out__repairs_a_pointer_that_was_lost_or_broken(store: Store) -> None:
    _night(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    store.objects.delete(layout.SERVING_POINTER)
    _night(store, BAD, "2026-11-22", "2", RecordingRegistry())
    assert read_pointer(store.objects) is not None

    store.objects.replace(layout.SERVING_POINTER, b"{", store.objects.read(layout.SERVING_POINTER).etag)
    _night(store, tiny_model(["bolt", "nut"], channels=(1, 0), bias=1.0), "2026-11-23", "3", RecordingRegistry())
    assert read_pointer(store.objects) is not None


def test_roll_out__refuses_a_champion_whose_file_changed(store: Store) -> None:
    digest = _night(store, GOOD, "2026-11-21", "1", RecordingRegistry()).model_digest
    key = layout.model(digest or "")
    store.objects.replace(key, BAD, store.objects.read(key).etag)

    with pytest.raises(CorruptObjectError):
        roll_out(store, a_cycle_with_model(store, None, "2026-11-22"))


def test_roll_back__puts_exactly_the_earlier_champion_back(store: Store) -> None:
    registry = RecordingRegistry()
    _night(store, GOOD, "2026-11-21", "1", registry)
    earlier = store.state().values["champion"]
    second = _night(store, BETTER, "2026-11-22", "2", registry)

    summary = _roll_back(store, None, registry)

    pointer = read_pointer(store.objects)
    assert pointer is not None
    assert (pointer.champion_digest, pointer.generation) == (earlier["model_digest"], 3)
    assert store.state().values["champion"] == earlier
    assert summary.previous_digest == second.model_digest
    assert registry.aliases[-1] == ("parts", "1")
    assert read_cycle(store, "2026-11-23").cycle_kind == "roll_back"


def test_roll_back__takes_a_shortened_digest_and_can_go_forth_again(store: Store) -> None:
    registry = RecordingRegistry()
    _night(store, GOOD, "2026-11-21", "1", registry)
    second = _night(store, BETTER, "2026-11-22", "2", registry).model_digest or ""
    _roll_back(store, None, registry)

    summary = _roll_back(store, second[:12], registry, "2026-11-24")

    assert summary.model_digest == second
    assert store.state().values["champion"]["registry_version"] == "2"


def test_roll_back__refuses_what_was_never_champion_and_lists_what_was(store: Store) -> None:
    registry = RecordingRegistry()
    first = _night(store, GOOD, "2026-11-21", "1", registry).model_digest or ""
    _night(store, BETTER, "2026-11-22", "2", registry)

    with pytest.raises(SettingsError, match=first):
        _roll_back(store, "0" * 64, registry)
    assert store.event("2026-11-23", "open_cycle") is None


def test_roll_back__refuses_when_there_is_no_earlier_champion(store: Store) -> None:
    with pytest.raises(SettingsError, match="none"):
        _roll_back(store, None, RecordingRegistry())
    _night(store, GOOD, "2026-11-21", "1", RecordingRegistry())
    with pytest.raises(SettingsError, match="the one before the present champion"):
        _roll_back(store, None, RecordingRegistry())


def test_roll_back__ends_what_a_killed_run_began(store: Store) -> None:
    registry = RecordingRegistry()
    first = _night(store, GOOD, "2026-11-21", "1", registry).model_digest
    _night(store, BETTER, "2026-11-22", "2", registry)
    with pytest.raises(ServiceUnavailableError):
        _roll_back(store, None, AwayRegistry())
    sequence = store.state().sequence

    assert _roll_back(store, None, registry).model_digest == first
    assert registry.aliases[-1] == ("parts", "1")
    assert store.state().sequence == sequence


def test_roll_back__says_when_the_model_is_champion_already(store: Store) -> None:
    digest = _night(store, GOOD, "2026-11-21", "1", RecordingRegistry()).model_digest

    assert _roll_back(store, digest, RecordingRegistry()).skipped == "This model is the champion already."


def test_roll_back__refuses_a_cycle_id_of_another_run(store: Store) -> None:
    registry = RecordingRegistry()
    _night(store, GOOD, "2026-11-21", "1", registry)
    _night(store, BETTER, "2026-11-22", "2", registry)

    with pytest.raises(CycleTakenError):
        _roll_back(store, None, registry, "2026-11-22", run_key="another")


def test_deploying_stages__return_the_same_summaries_again(store: Store) -> None:
    cycle, registry = a_cycle_with_model(store, GOOD), RecordingRegistry()
    first = (_compared(store, cycle), promote_model(store, cycle, registry), roll_out(store, cycle))
    sequence = store.state().sequence

    again = (compare_with_champion(store, cycle), promote_model(store, cycle, registry), roll_out(store, cycle, Server(None)))

    assert again == first
    assert store.state().sequence == sequence
    assert replace(first[2], is_changed=True) == first[2]
