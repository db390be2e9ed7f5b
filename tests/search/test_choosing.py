"""Tests of the end of hopeless trials and of the choice of a winner."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.search.choosing import best_trial, proof
from pipeline_tasks.search.pruning import MIN_EARLIER, is_hopeless


def trial(number: int, *losses: float, is_pruned: bool = False) -> FinishedTrial:
    return FinishedTrial(number, {}, losses, is_pruned, 0.5)


def test_is_hopeless__above_the_median_after_as_many_folds() -> None:
    earlier = [trial(0, 0.1, 0.9), trial(1, 0.2, 0.9), trial(2, 0.4, 0.1), trial(3, 0.5, 0.1)]
    assert is_hopeless([0.31], earlier)
    assert not is_hopeless([0.29], earlier)
    # The means after two folds are 0.5, 0.55, 0.25 and 0.3: their median is 0.4.
    assert not is_hopeless([0.7, 0.1], earlier)
    assert is_hopeless([0.7, 0.2], earlier)


def test_is_hopeless__never_with_few_earlier_trials_that_came_as_far() -> None:
    earlier = [trial(number, 0.1, 0.1) for number in range(MIN_EARLIER - 1)]
    assert not is_hopeless([9.0], earlier)
    assert not is_hopeless([9.0, 9.0], [*earlier, trial(9, 0.1, is_pruned=True)])
    assert is_hopeless([9.0], [*earlier, trial(9, 0.1, is_pruned=True)])


def test_best_trial__the_lowest_loss_of_those_that_were_not_ended_and_the_first_of_equal_ones() -> None:
    trials = [trial(3, 0.2, 0.2), trial(0, 0.3, 0.3), trial(2, 0.3, 0.1), trial(1, 0.1, is_pruned=True)]
    assert best_trial(trials).number == 2


def test_proof__gain_and_corrected_noise() -> None:
    found = proof([0.5, 0.6, 0.7], [0.4, 0.4, 0.4])
    # Gains 0.1, 0.2, 0.3: mean 0.2, variance 0.01; 0.01 * (1/3 + 1/2) = 0.00833.
    assert found.gain == pytest.approx(0.2)
    assert found.noise == pytest.approx(0.00833333**0.5)
    assert found.holds


def test_proof__of_equal_settings_seldom_holds() -> None:
    draws = np.random.default_rng(0).normal(size=(200, 2, 5))
    held = sum(proof(own.tolist(), other.tolist()).holds for own, other in draws)
    assert held <= 0.25 * len(draws)
    assert not proof([0.3, 0.3], [0.3, 0.3]).holds
