from __future__ import annotations

from given import an_open_cycle
from given_candidates import (
    BAD,
    CONSTANT,
    GOOD,
    RecordingRegistry,
    a_cycle_with_model,
    an_exported_model,
)
from given_deploying import BETTER, a_night_of, compared
from tiny_model import DATASET_ID

from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.storage.history.store import Store


def test_compare_with_champion__promotes_the_first_model_that_beats_the_majority(store: Store) -> None:
    summary = compared(store, a_cycle_with_model(store, GOOD))

    assert summary.decision == "promote"
    assert (summary.candidate_score, summary.baseline_score, summary.champion_score) == (1.0, 0.5, None)
    assert (summary.test_images, summary.test_groups, summary.margin) == (12, 12, 0.5)
    assert summary.why.startswith("Promoted: better than always predicting")


def test_compare_with_champion__promotes_no_first_model_that_only_guesses(store: Store) -> None:
    assert compared(store, a_cycle_with_model(store, CONSTANT)).decision == "keep"


def test_compare_with_champion__keeps_a_champion_that_is_better(store: Store) -> None:
    a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())

    summary = compared(store, a_cycle_with_model(store, BAD, "2026-11-22"))

    assert (summary.decision, summary.difference, summary.champion_score) == ("keep", -1.0, 1.0)


def test_compare_with_champion__does_not_promote_the_champion_again(store: Store) -> None:
    a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())

    summary = compared(store, a_cycle_with_model(store, GOOD, "2026-11-22"))

    assert summary.why == "Not promoted: the candidate has the same bytes as the champion."


def test_compare_with_champion__refuses_test_images_that_the_champion_was_trained_on(store: Store) -> None:
    # On the first night images 12 to 15 are training images, on the second they are test images.
    a_night_of(store, GOOD, "2026-11-21", "1", RecordingRegistry())

    summary = compared(store, a_cycle_with_model(store, BETTER, "2026-11-22", test=16))

    assert summary.decision == "keep"
    assert "the champion was trained on 4 of the test images and on 4 of their split groups" in summary.why


def test_compare_with_champion__refuses_a_champion_of_unknown_origin(store: Store) -> None:
    cycle = a_cycle_with_model(store, BETTER)
    digest = an_exported_model(store, an_open_cycle(store, "2026-11-20"), GOOD)
    champion = Champion(digest, DATASET_ID, "2026-11-20", None)
    store.finish("2026-11-20", "promote_model", PromoteModelSummary(None), sets=[champion])

    assert "the champion's training images are unknown" in compared(store, cycle).why


def test_compare_with_champion__explains_missing_test_images(store: Store) -> None:
    summary = compared(store, a_cycle_with_model(store, GOOD, test=0))

    assert (summary.skipped, summary.decision) == (None, "keep")
    assert "no labelled test images" in summary.why


def test_compare_with_champion__counts_for_how_many_decisions_each_test_image_was_used(store: Store) -> None:
    """The second night has the same twelve test images and twelve more; the third the same twenty-four."""
    nights = ((GOOD, 12), (BAD, 24), (CONSTANT, 24))
    cycles = [a_cycle_with_model(store, content, f"2026-11-2{at}", test=test) for at, (content, test) in enumerate(nights, 1)]

    assert [compared(store, cycle).test_decisions for cycle in cycles] == [1.0, 1.5, 2.5]
