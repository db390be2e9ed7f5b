"""Tests that a figure in a bootstrap sample is the figure of the drawn images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval
from pipeline_tasks.kinds.area_figures import Ranked, area_figures
from pipeline_tasks.kinds.ranking import average_precision, calibration_error, roc_auc
from pipeline_tasks.kinds.ranking_draws import area_draws, calibration_error_draws, centred

SAMPLES = 40


def roc_auc_draws(*test: np.ndarray) -> np.ndarray:
    """Areas under ROC alone."""
    return area_draws(*test).roc_auc


def average_precision_draws(*test: np.ndarray) -> np.ndarray:
    """Average precisions alone."""
    return area_draws(*test).average_precision


PAIRS = [(roc_auc, roc_auc_draws), (average_precision, average_precision_draws), (calibration_error, calibration_error_draws)]


def a_test(images: int = 60, groups: int = 20, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, scores with ties, and groups of images."""
    drawn = np.random.default_rng(seed)
    return drawn.random(images) < 0.2, np.round(drawn.random(images), 1), drawn.permutation(np.arange(images) % groups)


@pytest.mark.parametrize(("figure", "in_draws"), PAIRS)
def test_draws__equal_the_figure_of_the_images_that_were_drawn(
    figure: Callable[..., float], in_draws: Callable[..., np.ndarray]
) -> None:
    truth, scores, groups = a_test()
    draws = draw_groups(20, SAMPLES, 1)

    found = in_draws(truth, scores, groups, draws)

    times = draws[:, groups].astype(int)
    wanted = [figure(np.repeat(truth, counts), np.repeat(scores, counts)) for counts in times]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_draws__have_no_value_where_a_sample_drew_no_true_image() -> None:
    truth, scores, groups = np.array([True, False]), np.array([0.9, 0.1]), np.array([0, 1])
    draws = np.array([[1.0, 1.0], [0.0, 2.0], [2.0, 0.0]])

    assert np.isnan(roc_auc_draws(truth, scores, groups, draws)).tolist() == [False, True, True]
    assert np.isnan(average_precision_draws(truth, scores, groups, draws)).tolist() == [False, True, False]


def test_centred__holds_the_measured_calibration_error_that_samples_overstate() -> None:
    drawn = np.random.default_rng(2)
    confidences = drawn.random(100)
    is_right = drawn.random(100) < confidences
    error = calibration_error(is_right, confidences)
    draws = calibration_error_draws(is_right, confidences, np.arange(100), draw_groups(100, 300, 0))

    interval = percentile_interval(centred(draws, error), 0.9)

    assert draws.mean() > error + 0.02
    assert interval.low < error < interval.high


def test_area_figures__have_an_interval_that_holds_the_true_area_as_often_as_it_says() -> None:
    """Scores of true images are higher by 1 standard deviation: the area is P(difference > 0) = .7602."""
    true_area, held, worlds = 0.7602, 0, 120
    for seed in range(worlds):
        drawn = np.random.default_rng(seed)
        truth = (np.arange(120) < 50)[:, None]
        scores = drawn.normal(truth.astype(float), 1.0)
        ranked = Ranked(("a",), truth, scores, np.arange(120))
        figure = next(area_figures(ranked, draw_groups(120, 200, seed), 0.9))
        assert figure.low is not None
        assert figure.high is not None
        held += figure.low <= true_area <= figure.high

    assert 0.83 <= held / worlds <= 0.97


def test_area_figures__of_a_perfect_ranking_do_not_claim_certainty() -> None:
    truth = np.array([[True, False]] * 6 + [[False, True]] * 6)
    ranked = Ranked(("a", "b"), truth, truth.astype(float), np.arange(12))

    figures = {(one.metric, one.class_name): one for one in area_figures(ranked, draw_groups(12, 100, 0), 0.9)}

    assert len(figures) == 6
    for one in figures.values():
        assert one.value == 1.0
        assert one.high == 1.0
        assert one.low is not None
        assert 0.5 < one.low < 1.0


def test_area_figures__of_a_class_that_every_image_shows_have_no_roc() -> None:
    ranked = Ranked(("a", "never"), np.array([[True, False]] * 4), np.full((4, 2), 0.5), np.arange(4))

    figures = {(one.metric, one.class_name): one for one in area_figures(ranked, draw_groups(4, 50, 0), 0.9)}

    assert np.isnan(figures["roc_auc", "a"].value)
    assert figures["roc_auc", "a"].low is None
    assert figures["average_precision", ""].value == 1.0
    assert ("roc_auc", "never") not in figures
