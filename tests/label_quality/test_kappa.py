"""Tests of Cohen's and Fleiss' kappa against published worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.label_quality.kappa import cohens_kappa, fleiss_kappa

FLEISS = [
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]


def test_cohens_kappa__by_hand() -> None:
    # 20 times both yes, 5 and 10 times one alone, 15 times both no: 0.7 agree, chance gives 0.5 * 0.6 + 0.5 * 0.4.
    one, other = [0] * 25 + [1] * 25, [0] * 20 + [1] * 5 + [0] * 10 + [1] * 15
    assert cohens_kappa(one, other) == pytest.approx(0.4)


def test_fleiss_kappa__of_a_published_example() -> None:
    assert fleiss_kappa(FLEISS) == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa__ignores_images_of_one_vote() -> None:
    assert fleiss_kappa([*FLEISS, [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]) == fleiss_kappa(FLEISS)


def test_kappa__is_not_defined_without_pairs_or_with_one_name() -> None:
    assert cohens_kappa([], []) is None
    assert cohens_kappa([1, 1], [1, 1]) is None
    assert fleiss_kappa(np.zeros((0, 3))) is None
    assert fleiss_kappa([[2, 0], [3, 0]]) is None
