"""The control arm's comparison: right where the answer is known, silent where nothing can be told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline_tasks.evaluation.selection_gain import Labelled, selection_gain, why_not
from pipeline_tasks.intervals.proportions import Wrong, surprise, wilson
from pipeline_tasks.intervals.resampled import corrected_interval, student_quantile


def arms(chosen_classes: int, seed: int = 0, *, is_blind: bool = False) -> Labelled:
    """Forty pictures drawn of four heaps, and eighty chosen of the first few of them only; a heap is a class."""
    generator = np.random.default_rng(seed)
    heaps = np.concatenate([generator.integers(0, 4, 40), generator.integers(0, chosen_classes, 80)])
    rows = np.eye(6)[heaps] + 0.1 * generator.normal(size=(120, 6))
    classes = generator.permutation(heaps) if is_blind else heaps
    return Labelled(rows.astype(np.float32), classes, np.arange(120), np.arange(120) < 40)


def measured(labelled: Labelled) -> tuple[float, float, float]:
    found = selection_gain(labelled, min_images=3, confidence=0.95, seed=1).difference
    return found.value, found.low, found.high


def test_selection_gain__sees_that_choosing_missed_half_of_the_classes() -> None:
    value, low, high = measured(arms(chosen_classes=2))
    assert value < -0.3
    assert low < high < 0


def test_selection_gain__of_arms_that_are_alike_is_nothing() -> None:
    _, low, high = measured(arms(chosen_classes=4))
    assert low <= 0 <= high


def test_selection_gain__where_classes_are_dice_claims_no_more_than_its_confidence_allows() -> None:
    found = [measured(arms(chosen_classes=4, seed=seed, is_blind=True)) for seed in range(20)]
    assert sum(low > 0 or high < 0 for _, low, high in found) <= 2


def test_selection_gain__twice_is_the_same() -> None:
    assert measured(arms(2)) == measured(arms(2))


def test_selection_gain__says_how_many_labels_it_compared() -> None:
    found = selection_gain(arms(2), min_images=3, confidence=0.95, seed=1)
    assert (found.base_labels, found.labels, found.test_images, found.classes) == (44, 36, 40, 4)


def test_why_not__names_what_is_lacking() -> None:
    labelled = arms(4)
    assert why_not(labelled, 3) == ""
    assert why_not(labelled, 30) == "0 classes have 30 pictures drawn at random; at least 2 are needed."
    few = np.arange(120) < 5
    assert why_not(replace(labelled, is_control=few), 1).startswith("5 labelled pictures were drawn at random so far")
    one_clip = np.where(labelled.is_control, 0, labelled.groups)
    assert why_not(replace(labelled, groups=one_clip), 3).startswith("The pictures drawn at random make 1 split groups")


def test_corrected_interval__is_wider_than_draws_alone_say() -> None:
    draws = np.array([0.0, 0.2] * 10)
    plain, corrected = corrected_interval(draws, 0.0, 0.95), corrected_interval(draws, 1 / 9, 0.95)
    assert plain.value == corrected.value == pytest.approx(0.1)
    assert corrected.high - corrected.low == pytest.approx((plain.high - plain.low) * np.sqrt(1 + 20 / 9))


def test_student_quantile__is_that_of_the_tables() -> None:
    assert student_quantile(0.975, 19) == pytest.approx(2.093, abs=1e-3)


def test_surprise__is_the_difference_of_shares_with_newcombes_interval() -> None:
    """The first example of Newcombe 1998: 56 of 70 against 48 of 80."""
    found = surprise(Wrong(70, 56), Wrong(80, 48), 0.95)
    assert found is not None
    assert (found.value, found.low, found.high) == (
        pytest.approx(0.2),
        pytest.approx(0.0524, abs=1e-4),
        pytest.approx(0.3339, abs=1e-4),
    )
    assert surprise(Wrong(), Wrong(3, 1), 0.95) is None
    assert wilson(Wrong(10, 0), 0.95)[0] == pytest.approx(0, abs=1e-12)
