"""Tests of `pipeline_tasks.evaluation.corruptions.corrupting`."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline_tasks.evaluation.corruptions.corrupting import CORRUPTIONS, STRENGTHS, corrupted


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """Smooth colours with a few shapes, 96 x 80 px."""
    generator = np.random.default_rng(1)
    found = cv2.resize(generator.integers(40, 200, (6, 5, 3)).astype(np.uint8), (80, 96), interpolation=cv2.INTER_CUBIC)
    cv2.circle(found, (40, 40), 20, (230, 60, 20), -1)
    cv2.rectangle(found, (10, 60), (50, 90), (20, 200, 240), 3)
    return found


def test_corruptions__are_fifteen() -> None:
    assert (len(CORRUPTIONS), STRENGTHS) == (15, (1, 2, 3))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupted__is_farther_from_the_image_at_each_strength(image: np.ndarray, name: str) -> None:
    found = [corrupted(image, name, strength, seed=3) for strength in STRENGTHS]

    assert all(one.shape == image.shape and one.dtype == np.uint8 for one in found)
    far = [float(np.abs(one.astype(float) - image).mean()) for one in found]
    assert 0.5 < far[0] < far[1] < far[2] < 150


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupted__is_the_same_for_the_same_seed(image: np.ndarray, name: str) -> None:
    before = image.copy()

    assert np.array_equal(corrupted(image, name, 2, seed=3), corrupted(image, name, 2, seed=3))
    assert np.array_equal(image, before), "the image itself stays"


def test_corrupted__noise_differs_between_seeds(image: np.ndarray) -> None:
    assert not np.array_equal(corrupted(image, "shot noise", 2, seed=3), corrupted(image, "shot noise", 2, seed=4))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupted__takes_an_image_of_few_pixels(name: str) -> None:
    assert corrupted(np.full((8, 8, 3), 128, np.uint8), name, 3, seed=0).shape == (8, 8, 3)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupted__takes_a_black_image(name: str) -> None:
    assert corrupted(np.zeros((16, 16, 3), np.uint8), name, 3, seed=0).dtype == np.uint8
