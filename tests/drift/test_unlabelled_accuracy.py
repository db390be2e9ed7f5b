"""Tests of accuracy without labels."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from pipeline_tasks.drift.unlabelled_accuracy import AccuracyEstimates, Confidences, _rising, estimate_accuracy
from pipeline_tasks.errors import SettingsError


def confidences(values: np.ndarray, clips: np.ndarray | None = None) -> Confidences:
    return Confidences(np.asarray(values, np.float64), np.arange(len(values)).astype(str) if clips is None else clips.astype(str))


def estimated(labelled: np.ndarray, is_right: np.ndarray, production: np.ndarray) -> AccuracyEstimates:
    return estimate_accuracy(confidences(labelled), is_right, confidences(production), seed=0)


def test_estimates__by_hand() -> None:
    """Of 40 labelled images the ten least confident ones are wrong; half of production is as doubtful as these."""
    labelled, is_right = np.repeat([0.5, 0.9], [10, 30]), np.repeat([False, True], [10, 30])

    found = estimated(labelled, is_right, np.repeat([0.5, 0.9], [50, 50]))

    assert found.by_threshold.value == pytest.approx(0.5)
    assert found.by_confidence.value == pytest.approx(0.5)
    assert found.labelled_accuracy == 0.75
    assert found.by_confidence.low < 0.5 < found.by_confidence.high


def test_estimates__of_the_labelled_images_are_their_accuracy() -> None:
    generator = np.random.default_rng(0)
    values = generator.uniform(0.4, 1, 500)
    is_right = generator.random(500) < values

    found = estimated(values, is_right, values)

    assert found.by_threshold.value == pytest.approx(is_right.mean(), abs=2e-3)
    assert found.by_confidence.value == pytest.approx(is_right.mean())
    assert found.spread < 3e-3


def test_estimates__correct_a_model_that_is_too_certain() -> None:
    generator = np.random.default_rng(0)
    values = generator.uniform(0.4, 1, 2000)
    is_right = generator.random(2000) < values**2
    doubtful = generator.uniform(0.4, 0.7, 2000)

    found = estimated(values, is_right, doubtful)

    assert found.by_confidence.value == pytest.approx((doubtful**2).mean(), abs=0.03)


def test_estimates__of_one_confidence_for_all_are_the_labelled_accuracy() -> None:
    found = estimated(np.ones(40), np.arange(40) < 30, np.ones(10))

    assert (found.by_threshold.value, found.by_confidence.value) == (pytest.approx(0.75), pytest.approx(0.75))


def test_estimates__where_all_labelled_images_are_right() -> None:
    found = estimated(np.linspace(0.6, 1, 40), np.ones(40, bool), np.linspace(0.6, 1, 40))

    assert (found.by_threshold.value, found.by_confidence.value) == (1.0, 1.0)


def test_estimates__are_less_certain_of_repeated_frames() -> None:
    generator, clips = np.random.default_rng(0), np.repeat(np.arange(50), 9)
    values = generator.uniform(0.4, 1, 50)
    is_right, production = generator.random(50) < values, generator.uniform(0.4, 1, 50)

    single = estimated(values, is_right, production).by_confidence
    frames = estimate_accuracy(
        confidences(values[clips], clips), is_right[clips], confidences(production[clips], clips), 0
    ).by_confidence

    assert frames.high - frames.low == pytest.approx(single.high - single.low, rel=0.2)


def test_rising__equals_scikit_learns_isotonic_regression() -> None:
    generator = np.random.default_rng(0)
    images, hits = generator.integers(1, 9, (3, 12)).astype(float), np.zeros((3, 12))
    hits = np.floor(images * generator.random((3, 12)))

    wanted = [IsotonicRegression().fit_transform(np.arange(12), h / n, sample_weight=n) for n, h in zip(images, hits, strict=True)]
    assert _rising(images, hits) == pytest.approx(np.array(wanted))


def test_estimate_accuracy__wants_labelled_images() -> None:
    with pytest.raises(SettingsError, match="5 labelled and 9 production images: give at least 30 and 1"):
        estimated(np.ones(5), np.ones(5, bool), np.ones(9))
