"""Tests of comparisons on slices: predictions are lists of right (1) and wrong (0), each image its own split group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline_tasks.evaluation.gate import Rule
from pipeline_tasks.evaluation.slices import SliceDifference, compare_on_slice
from pipeline_tasks.kinds.classes.matches import ClassMatches
from pipeline_tasks.kinds.classes.scoring import ClassScoring

SCORING = ClassScoring()
RULE = Rule(margin=0.05, confidence=0.95, bootstrap_samples=500, min_test_images_per_class=5, seed=1)


def matches(right: Sequence[int], groups: Sequence[int] | None = None) -> ClassMatches:
    """Of one class only."""
    hits = np.array(right)
    numbers = np.arange(len(right)) if groups is None else np.array(groups)
    return ClassMatches(("bolt", "nut"), np.zeros(len(right), np.int64), 1 - hits, hits.astype(np.float64), numbers)


def test_compare_on_slice__gives_a_paired_difference_even_where_there_is_one_class_only() -> None:
    found = compare_on_slice(SCORING, matches([1, 1, 1, 0]), matches([1, 0, 0, 0]), RULE)
    assert (found.images, found.candidate, found.champion, found.difference) == (4, 0.75, 0.25, 0.5)
    assert found.low == pytest.approx(0.0)
    assert found.high == pytest.approx(1.0)


def test_compare_on_slice__of_equal_models_is_certain() -> None:
    found = compare_on_slice(SCORING, matches([1, 0, 1]), matches([1, 0, 1]), RULE)
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_compare_on_slice__draws_whole_split_groups() -> None:
    right, wrong = [1] * 20 + [0] * 20, [0] * 40
    alone = compare_on_slice(SCORING, matches(right), matches(wrong), RULE)
    clips = compare_on_slice(SCORING, matches(right, [0] * 10 + [1] * 10 + [2] * 10 + [3] * 10), matches(wrong, [0] * 40), RULE)
    assert (clips.low or 0) < (alone.low or 0)


def test_compare_on_slice__without_a_champion_gives_the_candidates_score() -> None:
    assert compare_on_slice(SCORING, matches([1, 0]), None, RULE) == SliceDifference(2, 0.5)
