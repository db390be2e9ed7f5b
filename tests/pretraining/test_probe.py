"""Tests of the probe: it finds a gain that is there, and none where labels or embeddings are chance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline_tasks.pretraining.probe import Gain, Labelled, probe

IMAGES, DIMENSIONS = 120, 6


def labelled(of_image: NDArray[np.int64]) -> Labelled:
    return Labelled(np.eye(2, dtype=np.bool_)[of_image], np.arange(IMAGES) // 2, np.arange(IMAGES) % 4 < 2)


def chance(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(IMAGES, DIMENSIONS)).astype(np.float32)


NAMES = np.random.default_rng(1).integers(0, 2, IMAGES)


def test_probe__of_embeddings_that_show_the_name_says_a_gain() -> None:
    before, after = chance(2), chance(2)
    after[:, 0] += 6 * NAMES
    found = probe(before, after, labelled(NAMES), seed=0)
    assert (found.images, found.groups, found.fitted_images) == (60, 30, 60)
    assert found.after > 0.95
    assert found.low > 0.2
    assert found.words.endswith("on 60 labelled images that it had not seen: a gain")


def test_probe__the_other_way_round_says_a_loss() -> None:
    before = chance(2)
    before[:, 0] += 6 * NAMES
    found = probe(before, chance(2), labelled(NAMES), seed=0)
    assert found.high < 0
    assert found.words.endswith(": a loss")


def test_probe__of_random_labels_says_no_gain_in_most_worlds() -> None:
    gains = 0
    for seed in range(20):
        names = np.random.default_rng(100 + seed).integers(0, 2, IMAGES)
        gains += probe(chance(seed), chance(50 + seed), labelled(names), seed).low > 0
    assert gains <= 1, "an interval of 95 % claims a gain in one of forty worlds"


def test_probe__of_the_same_embeddings_is_no_gain_with_an_honest_interval() -> None:
    found = probe(chance(2), chance(2), labelled(NAMES), seed=0)
    assert found.gain == 0
    assert found.low < 0 < found.high
    assert found.words.endswith(": no gain is shown")


def test_probe__counts_an_image_with_several_names_as_right_if_the_best_is_one_of_them() -> None:
    names = np.ones((IMAGES, 2), np.bool_)
    names[0] = [False, True]
    found = probe(chance(2), chance(3), Labelled(names, np.arange(IMAGES), np.arange(IMAGES) > 0), seed=0)
    assert (found.before, found.after) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (Labelled(np.eye(2, dtype=np.bool_), np.array([0, 1]), np.array([True, False])), "of 2 split groups, found 1"),
        (Labelled(np.ones((3, 1), np.bool_), np.arange(3), np.ones(3, np.bool_)), "of two names, found one"),
        (labelled(NAMES), ""),
    ],
)
def test_labelled__says_why_nothing_can_be_compared(given: Labelled, wanted: str) -> None:
    assert wanted in given.why_not
    assert bool(wanted) == bool(given.why_not)


def test_gain__in_words_has_points_and_bounds() -> None:
    assert Gain(240, 200, 240, 0.8, 0.831, 0.004, 0.058).words == (
        "+3.1 points (+0.4 to +5.8) on 240 labelled images that it had not seen: a gain"
    )
