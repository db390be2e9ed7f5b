"""Tests of comparisons on slices: predictions are lists of right (1) and wrong (0), each image its own split group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pipeline_tasks.evaluation.gate import Decision, Rule
from pipeline_tasks.evaluation.slices import SliceDifference, compare_on_slice, with_golden_gate
from pipeline_tasks.kinds.classes.matches import ClassMatches
from pipeline_tasks.kinds.classes.scoring import ClassScoring

SCORING = ClassScoring()
RULE = Rule(margin=0.05, confidence=0.95, bootstrap_samples=500, min_test_images_per_class=5, seed=1)
PROMOTED = Decision(True, "Promoted: better than the champion.")


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


LOST = SliceDifference(40, 0.8, 0.9, -0.1, -0.2, 0.0)


def test_with_golden_gate__stops_a_candidate_that_may_be_worse_by_more_than_the_margin() -> None:
    kept = with_golden_gate(PROMOTED, {"golden": LOST}, 0.1, "accuracy", has_champion=True)
    assert not kept.is_promoted
    assert kept.why.startswith("Not promoted: on the 40 images of the golden set accuracy differs by -10.0 points (lower")
    assert kept.why.endswith("it may be worse by more than 10 points there. On the rest of test it is better than the champion.")


def test_with_golden_gate__passes_a_candidate_that_is_not_worse_and_says_so() -> None:
    passed = with_golden_gate(PROMOTED, {"golden": LOST}, 0.25, "accuracy", has_champion=True)
    assert passed.is_promoted
    assert passed.why.endswith("so it is not worse by more than 25 points there.")
    fine = SliceDifference(9, 1.0, 0.9, 0.1, 0.01, 0.2)
    better = with_golden_gate(PROMOTED, {"golden": fine}, 0.0, "accuracy", has_champion=True)
    assert better.is_promoted
    assert better.why.endswith("so it is better there.")
    assert not with_golden_gate(PROMOTED, {"golden": replace(fine, low=0.0)}, 0.0, "accuracy", has_champion=True).is_promoted


def test_with_golden_gate__stops_nothing_unless_it_is_asked_to() -> None:
    assert with_golden_gate(PROMOTED, {"golden": LOST}, None, "accuracy", has_champion=True) is PROMOTED
    assert with_golden_gate(PROMOTED, {}, 0.1, "accuracy", has_champion=False) is PROMOTED
    refused = Decision(False, "Not promoted.")
    assert with_golden_gate(refused, {}, 0.1, "accuracy", has_champion=True) is refused


def test_with_golden_gate__passes_no_candidate_that_cannot_be_measured() -> None:
    stopped = with_golden_gate(PROMOTED, {"recent": LOST}, 0.1, "accuracy", has_champion=True)
    assert not stopped.is_promoted
    assert "has no labelled images of the golden set" in stopped.why
