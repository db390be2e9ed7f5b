"""Tests of augmented views: the same for the same seed, in every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from given_models import an_image

from pipeline_tasks.models.augmentation import augmentation_digest, augmented_view

pytestmark = pytest.mark.slow


def test_augmented_view__depends_only_on_image_and_seed() -> None:
    image = an_image("bolt", 1)
    wanted = [augmented_view(image, seed) for seed in range(12)]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda seed: augmented_view(image, seed), range(12)))

    assert all(np.array_equal(one, other) for one, other in zip(wanted, found, strict=True))
    assert wanted[0].shape == image.shape
    assert wanted[0].dtype == np.uint8
    assert not np.array_equal(wanted[0], wanted[1])


def test_augmented_view__does_not_change_the_image() -> None:
    image = an_image("nut", 2)
    before = image.copy()

    augmented_view(image, 7)

    assert np.array_equal(image, before)


def test_augmented_view__without_moving_keeps_everything_at_its_place() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[20:26, 4:10] = 160

    views = [augmented_view(image, seed, may_move=False).astype(int).sum(axis=2) for seed in range(12)]

    assert all(view[20:26, 4:10].mean() > 100 + view[:16].mean() for view in views)
    assert any(not np.array_equal(view, image.astype(int).sum(axis=2)) for view in views)
    assert augmentation_digest(may_move=False) != augmentation_digest()
