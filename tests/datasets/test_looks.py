"""Tests of outlier scores and disagreement, with embeddings on a circle, so that neighbours can be checked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline_tasks.datasets import looks as looks_module
from pipeline_tasks.datasets.looks import Looks, looks_of


def circle(*degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([[math.cos(math.radians(one)), math.sin(math.radians(one))] for one in degrees], np.float32)


CROWD = [float(number) for number in range(20)]


def test_looks_of__scores_an_isolated_image_high_and_a_crowded_one_low() -> None:
    rim, middle = looks_of(circle(*CROWD, 180), [20, 10], [None] * 21, seed=1)
    assert rim.outlier == 20 / 21
    assert middle.outlier < 0.2


def test_looks_of__counts_neighbours_whose_labels_disagree() -> None:
    labels = ["bolt", "bolt", "bolt", "nut", "nut", None, *["nut"] * 5]
    found = looks_of(circle(0, 1, 2, 3, 4, 2.2, 50, 51, 52, 53, 54), [5, 6], labels, seed=1)
    assert [one.disagreement for one in found] == [pytest.approx(0.4), 0.0]


def test_looks_of__has_no_disagreement_without_labels() -> None:
    assert looks_of(circle(0, 10, 20), [1], ["bolt", None, None], seed=1)[0].disagreement is None


def test_looks_of__of_no_images_one_or_equal_ones_is_no_error() -> None:
    assert looks_of(np.empty((0, 2)), [], [], seed=1) == []
    assert looks_of(circle(0), [0], [None], seed=1) == [Looks(0.0, None)]
    assert {one.outlier for one in looks_of(np.ones((30, 4)), range(30), [None] * 30, seed=1)} == {0.0}


def test_looks_of__measures_on_a_part_of_many_images_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks_module, "REFERENCE_ROWS", 8)
    vectors = np.random.default_rng(0).normal(size=(60, 5))
    first = looks_of(vectors, range(60), [None] * 60, seed=3)
    assert first == looks_of(vectors, range(60), [None] * 60, seed=3)
    assert {one.outlier * 8 % 1 for one in first} == {0.0}
