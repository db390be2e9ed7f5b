"""Tests that the closed form is the regression of scikit-learn, and that rows are really left out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge as TheirRidge

from pipeline_tasks.evaluation.ridge import fit_ridge


def given() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(30, 8))
    targets = np.stack([rows[:, 0] + 0.3 * generator.normal(size=30), rows[:, 1] * 2], axis=1)
    return rows, targets, generator.uniform(0.5, 2, 30)


def test_fit_ridge__equals_scikit_learn() -> None:
    rows, targets, weights = given()

    found = fit_ridge(rows, targets, weights)

    wanted = TheirRidge(alpha=found.strength).fit(rows, targets, sample_weight=weights)
    assert found.coefficients == pytest.approx(wanted.coef_.T, abs=1e-9)
    assert found.predict(rows) == pytest.approx(wanted.predict(rows), abs=1e-9)


def test_fit_ridge__predicts_each_row_from_all_others() -> None:
    rows, targets, weights = given()

    found = fit_ridge(rows, targets, weights)

    for one in range(3):
        others = np.arange(30) != one
        fitted = TheirRidge(alpha=found.strength).fit(rows[others], targets[others], sample_weight=weights[others])
        assert found.left_out[one] == pytest.approx(fitted.predict(rows[[one]])[0], abs=1e-6)


def test_fit_ridge__of_rows_that_are_all_alike_says_the_mean() -> None:
    found = fit_ridge(np.ones((4, 3)), np.array([[0.0], [0.0], [1.0], [1.0]]), np.ones(4))

    assert found.predict(np.full((1, 3), 7.0)) == pytest.approx(np.array([[0.5]]))
