"""Tests of the control arm's comparison: correct for known gains, undecided where data are insufficient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline_tasks.intervals.proportions import Wrong, surprise, wilson
from pipeline_tasks.intervals.resampled import corrected_interval, student_quantile
from pipeline_tasks.kinds.choosing import Labelled
from pipeline_tasks.kinds.classes.selection_gain import selection_gain, why_not


def arms(chosen_classes: int, seed: int = 0, *, is_blind: bool = False) -> Labelled:
    """Four heaps, each a class: eighty images chosen of the first few in a first cycle, in a second one sixty drawn of all."""
    generator = np.random.default_rng(seed)
    heaps = np.concatenate([generator.integers(0, chosen_classes, 80), generator.integers(0, 4, 60)])
    rows = np.eye(6)[heaps] + 0.1 * generator.normal(size=(140, 6))
    classes = generator.permutation(heaps) if is_blind else heaps
    is_control = np.arange(140) >= 80
    return Labelled(rows.astype(np.float32), classes, np.arange(140), is_control, is_control.astype(np.int64))


def measured(labelled: Labelled) -> tuple[float, float, float]:
    found = selection_gain(labelled, confidence=0.95, seed=1).difference
    return found.value, found.low, found.high


def test_selection_gain__finds_that_the_strategy_missed_half_of_the_classes() -> None:
    value, low, high = measured(arms(chosen_classes=2))
    assert value < -0.3
    assert low < high < 0


def test_selection_gain__of_equal_arms_is_near_0() -> None:
    _, low, high = measured(arms(chosen_classes=4))
    assert low <= 0 <= high


def test_selection_gain__of_random_classes_is_claimed_no_more_often_than_its_confidence_allows() -> None:
    found = [measured(arms(chosen_classes=4, seed=seed, is_blind=True)) for seed in range(20)]
    assert sum(low > 0 or high < 0 for _, low, high in found) <= 2


def test_selection_gain__is_the_same_twice() -> None:
    assert measured(arms(2)) == measured(arms(2))


def test_selection_gain__finds_that_random_images_missed_rare_classes() -> None:
    """Eleven classes of twelve are rare: each is 3 of 133 drawn images, and 12 of 144 chosen ones."""
    generator = np.random.default_rng(3)
    heaps = np.concatenate([np.arange(144) % 12, generator.permutation([0] * 100 + [*range(1, 12)] * 3)])
    rows = np.eye(12)[heaps] + 0.1 * generator.normal(size=(len(heaps), 12))
    is_control = np.arange(len(heaps)) >= 144
    value, low, _ = measured(
        Labelled(rows.astype(np.float32), heaps, np.arange(len(heaps)), is_control, is_control.astype(np.int64))
    )
    assert value > low > 0


def test_selection_gain__tests_on_later_cycles_only() -> None:
    """Thirty drawn images of the first cycle are learnt from, and thirty of the second are tested on."""
    labelled = arms(4)
    order = np.concatenate([np.arange(80, 110), np.arange(80), np.arange(110, 140)])
    cycles = (np.arange(140) >= 110).astype(np.int64)
    mixed = Labelled(labelled.embeddings[order], labelled.targets[order], np.arange(140), labelled.is_control[order], cycles)
    found = selection_gain(mixed, confidence=0.95, seed=1)
    assert (found.labels, found.test_images, found.classes) == (54, 30, 4)
    assert found.mean_labels == pytest.approx(54 * 0.625, abs=1)
    assert found.mean_chosen == pytest.approx((10.5 + 24) / 4, abs=1)


def test_why_not__names_the_missing_data() -> None:
    labelled = arms(4)
    assert why_not(labelled) == ""
    few = np.arange(140) < 5
    assert why_not(replace(labelled, is_control=few)).startswith("5 labelled images were drawn at random so far")
    one_night = replace(labelled, cycles=np.zeros(140, np.int64))
    assert why_not(one_night).startswith("0 images were drawn at random in later cycles than the first 60 labels")
    one_clip = np.where(labelled.is_control, 0, labelled.groups)
    assert why_not(replace(labelled, groups=one_clip)) == "The images to test on make 1 split groups; at least 5 are needed."
    one_class = replace(labelled, targets=np.zeros(140, np.int64))
    assert why_not(one_class) == "The images to test on are of 1 class; at least 2 are needed."


def test_corrected_interval__is_wider_than_that_of_the_draws() -> None:
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
    assert wilson(0.0, 10, 0.95)[0] == pytest.approx(0, abs=1e-12)
