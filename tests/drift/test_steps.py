"""Tests of the distance between two distributions of one number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from pipeline_tasks.drift.permuting import weights_of
from pipeline_tasks.drift.steps import POINTS, mean_gaps, step_distances


def distance(values: list[float], sides: list[int]) -> float:
    weights = weights_of(np.array(sides, np.float32)[:, np.newaxis])
    return float(step_distances(np.array(values, np.float64), weights)[0])


@pytest.mark.parametrize(
    ("values", "sides", "wanted"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([1, 2, 3, 4], [0, 1, 0, 1], 0.5),
        ([7, 7, 7, 7], [0, 1, 0, 1], 0.0),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.5),
        ([3, 1, 2], [1, 0, 0], 1.0),
    ],
)
def test_step_distances__are_the_largest_gap_of_two_stairs(values: list[float], sides: list[int], wanted: float) -> None:
    assert distance(values, sides) == pytest.approx(wanted)


def test_step_distances__equal_scipys_with_ties() -> None:
    generator = np.random.default_rng(0)
    values, sides = generator.integers(0, 30, 90).astype(float), generator.integers(0, 2, 90)

    wanted = ks_2samp(values[sides == 1], values[sides == 0]).statistic
    assert distance(values.tolist(), sides.tolist()) == pytest.approx(wanted)


def test_step_distances__of_many_values_are_scipys_but_for_the_steps_between_points() -> None:
    generator = np.random.default_rng(1)
    values, sides = generator.normal(size=5000), generator.integers(0, 2, 5000)
    values += 0.2 * sides

    wanted = ks_2samp(values[sides == 1], values[sides == 0]).statistic
    assert wanted - 2 / POINTS <= distance(values.tolist(), sides.tolist()) <= wanted + 1e-6


def test_mean_gaps__are_differences_without_a_sign() -> None:
    weights = weights_of(np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float32))

    assert mean_gaps(np.array([1.0, 2.0, 3.0, 4.0]), weights).tolist() == pytest.approx([2.0, 0.0], abs=1e-6)
