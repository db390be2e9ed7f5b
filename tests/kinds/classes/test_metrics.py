from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from kinds.classes.matches_by_hand import matches

from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.intervals.bootstrap import draw_groups
from pipeline_tasks.kinds.classes.metrics import balanced_accuracy, confusions, counted_classes, figures, majority_class
from pipeline_tasks.kinds.classes.scoring import ClassScoring

# 4 of class a, 3 of them recognised; 2 of class b, 1 of them recognised.
BY_HAND = matches("aaaabb", "aaabba")


def _figures(**options: float) -> dict[tuple[str, str], float]:
    draws = draw_groups(BY_HAND.group_count, 200, seed=1)
    return {(one.metric, one.class_name): one.value for one in figures(BY_HAND, ("a", "b"), draws, 0.95)}


def test_figures__agree_with_the_table_by_hand() -> None:
    values = _figures()

    assert values["balanced_accuracy", ""] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert values["accuracy", ""] == pytest.approx(4 / 6)
    assert values["log_loss", ""] == pytest.approx(math.log(2))
    assert values["recall", "a"] == pytest.approx(3 / 4)
    assert values["recall", "b"] == pytest.approx(1 / 2)
    assert values["precision", "a"] == pytest.approx(3 / 4)
    assert values["precision", "b"] == pytest.approx(1 / 2)


def test_figures__lie_within_their_bounds() -> None:
    for one in figures(BY_HAND, ("a", "b"), draw_groups(6, 500, seed=1), 0.95):
        assert one.low is not None
        assert one.high is not None
        assert one.low <= one.value <= one.high


@pytest.mark.parametrize(("images", "low"), [(1, 0.2065), (3, 0.4385), (18, 0.8241), (200, 0.9812)])
def test_recall__of_only_right_images_has_an_interval(images: int, low: float) -> None:
    """18 of 18 is 82.4 to 100 % by Wilson, not 100 to 100 %: the low bound is n / (n + z²)."""
    given = matches("a" * images + "b" * images, "a" * images + "a" * images)
    draws = draw_groups(given.group_count, 200, seed=1)
    found = {(one.metric, one.class_name): one for one in figures(given, ("a", "b"), draws, 0.95)}

    assert (found["recall", "a"].value, found["recall", "a"].high) == (1.0, pytest.approx(1.0))
    assert found["recall", "a"].low == pytest.approx(low, abs=1e-4)
    assert (found["recall", "b"].value, found["recall", "b"].low) == (0.0, pytest.approx(0.0))
    assert found["recall", "b"].high == pytest.approx(1 - low, abs=1e-4)


def test_recall__of_one_clip_of_many_frames_counts_as_one_observation() -> None:
    given = replace(matches("a" * 18 + "b", "a" * 18 + "b"), groups=np.array([0] * 18 + [1]))
    found = {one.class_name: one for one in figures(given, ("a", "b"), draw_groups(2, 200, seed=1), 0.95) if one.metric == "recall"}

    assert found["a"].low == found["b"].low == pytest.approx(0.2065, abs=1e-4)


def test_balanced_accuracy__of_only_right_images_has_an_interval() -> None:
    """The mean of two recalls of 18 of 18: half the root of twice the square of Wilson's 17.6 points."""
    given = matches("a" * 18 + "b" * 18, "a" * 18 + "b" * 18)

    interval = balanced_accuracy(given, ("a", "b"), draw_groups(36, 200, seed=1)).interval(0.95)

    assert interval.low == pytest.approx(1 - 2**0.5 / 2 * (1 - 0.8241), abs=1e-4)
    assert interval.high == pytest.approx(1.0)


def test_figures__of_a_certain_mistake_are_finite() -> None:
    certain = matches("ab", "ba", probability=0.0)

    values = {one.metric: one.value for one in figures(certain, ("a", "b"), draw_groups(2, 50, seed=1), 0.95)}

    assert values["log_loss"] == pytest.approx(-math.log(2**-52))


def test_counted_classes__leaves_out_rare_and_unseen_classes() -> None:
    assert counted_classes(matches("aaab", "aaac"), min_images=2) == (("a",), ("b", "c"))


def test_balanced_accuracy__counts_a_mistake_into_a_left_out_class() -> None:
    score = balanced_accuracy(matches("aabb", "acbb"), ("a", "b"), draw_groups(4, 10, seed=1))

    assert score.value == pytest.approx((0.5 + 1.0) / 2)


def test_balanced_accuracy__averages_over_the_classes_that_a_sample_drew() -> None:
    # The second sample drew only the image of class a: its recall there is 1.
    score = balanced_accuracy(matches("ab", "aa"), ("a", "b"), np.array([[1.0, 1.0], [2.0, 0.0]]))

    assert score.draws.tolist() == [0.5, 1.0]


def test_baseline__scores_one_over_the_number_of_classes() -> None:
    scoring, draws = ClassScoring(), draw_groups(6, 50, seed=1)

    assert majority_class(BY_HAND) == "a"
    assert scoring.score(scoring.baseline(BY_HAND), scoring.basis(BY_HAND, 1), draws).value == pytest.approx(1 / 2)


def test_confusions__add_up_to_the_images() -> None:
    assert sorted(confusions(BY_HAND)) == [("a", "a", 3), ("a", "b", 1), ("b", "a", 1), ("b", "b", 1)]


def test_score__leaves_out_undefined_values() -> None:
    scorecard = score(ClassScoring(), {"m": matches("ab", "ab")}, min_images=5, samples=100, confidence=0.95, seed=1)

    assert scorecard.left_out == ("a", "b")
    assert set(scorecard.overall("m")) == {"accuracy", "log_loss"}
    assert scorecard.overall(None) == {}
    ((table, rows),) = scorecard.details()
    assert (table.table_name, rows["images"].sum()) == ("confusions", 2)
