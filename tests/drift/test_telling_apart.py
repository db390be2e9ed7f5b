"""Tests of the classifier that tells production from reference."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline_tasks.drift.permuting import weights_of
from pipeline_tasks.drift.telling_apart import area_of, area_under_roc, held_out_scores, separations


def test_area_under_roc__counts_pairs_in_order() -> None:
    scores, is_production = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 0, 1], bool)

    assert area_under_roc(scores, is_production, np.arange(4), 0.95).value == 3 / 4


def test_area_under_roc__equals_scikit_learns_with_ties() -> None:
    generator = np.random.default_rng(0)
    scores, is_production = generator.integers(0, 9, 80).astype(float), generator.integers(0, 2, 80) > 0

    found = area_under_roc(scores, is_production, np.arange(80), 0.95)

    assert found.value == pytest.approx(roc_auc_score(is_production, scores))
    assert found.low < found.value < found.high


def test_area_under_roc__is_less_certain_of_repeated_frames() -> None:
    scores, is_production = np.random.default_rng(0).normal(size=40), np.arange(40) % 2 > 0
    often = np.repeat(np.arange(40), 9)

    single = area_under_roc(scores, is_production, np.arange(40), 0.95)
    frames = area_under_roc(scores[often], is_production[often], often, 0.95)

    assert frames.high - frames.low == pytest.approx(single.high - single.low, rel=1e-6)


def test_held_out_scores__tell_far_samples_apart_and_not_equal_ones() -> None:
    generator = np.random.default_rng(0)
    rows, sides = generator.normal(size=(200, 4)).astype(np.float32), np.zeros((200, 2), np.float32)
    sides[:100, 0] = sides[::2, 1] = 1
    rows[:100, 0] += 4

    scores = held_out_scores(rows, sides, np.arange(200), seed=0)

    assert separations(scores, weights_of(sides)) == pytest.approx([1.8, 0], abs=0.5)


def test_held_out_scores__have_not_seen_other_frames_of_a_clip() -> None:
    generator = np.random.default_rng(0)
    clips = np.repeat(np.arange(40), 10)
    rows = generator.normal(size=(40, 30)).astype(np.float32)[clips]
    sides = (generator.permutation(40) % 2)[clips].astype(np.float32)[:, np.newaxis]

    seen, unseen = (separations(held_out_scores(rows, sides, one, 0), weights_of(sides))[0] for one in (np.arange(400), clips))

    assert seen > 1
    assert abs(unseen) < 0.7


def test_area_of__is_a_half_where_nothing_differs() -> None:
    assert area_of(0) == 0.5
    assert area_of(2) == pytest.approx(0.921, abs=1e-3)
