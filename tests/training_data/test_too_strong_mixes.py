"""Test of a planted wrong mix: shades are graded, and a blend of a dark and a bright image looks like the grade between them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.augmentations.mixing import Partners, drawn_mix, mixed_image
from pipeline_tasks.augmentations.policy import Policy, policy_of
from pipeline_tasks.settings import AugmentationSettings
from pipeline_tasks.training_data.augmentation_effects import augmentation_effects

GRADES = tuple(f"grade {number}" for number in range(9))
TARGETS = np.arange(180) % len(GRADES)
SIDE_PX = 8


def image(row: int) -> np.ndarray:
    """An even image of its grade's shade, with a little noise."""
    noise = np.random.default_rng(row).normal(0, 3, (SIDE_PX, SIDE_PX, 3))
    return np.clip(15 + 28 * TARGETS[row] + noise, 0, 255).astype(np.uint8)


def embedding(pixels: np.ndarray) -> np.ndarray:
    """The share of pixels near each shade: the most that a network could see of such an image."""
    shades = 15 + 28 * np.arange(len(GRADES))
    return np.exp(-(((pixels.reshape(-1, 1) - shades) / 14) ** 2)).mean(axis=0).astype(np.float32)


def mixed(row: int, policy: Policy, other: int) -> np.ndarray:
    """Embedding of a view into which the other image is mixed, as a training mixes it."""
    drawn = drawn_mix(policy, row, Partners(np.arange(len(TARGETS))), row)
    assert drawn is not None
    return embedding(mixed_image(image(row), image(other), drawn.cut)[0])


@pytest.mark.parametrize(("name", "is_named"), [("mixup", True), ("cutmix", False)])
def test_effects__name_a_blend_that_looks_like_a_third_grade_and_no_paste(name: str, is_named: bool) -> None:
    """Pasted parts keep their shade: one of both grades is still there."""
    policy = policy_of({name: AugmentationSettings(strength=1.0)}, ())
    embeddings = np.stack([embedding(image(row)) for row in range(len(TARGETS))])

    (found,) = augmentation_effects(policy, embeddings, TARGETS, np.arange(len(TARGETS)), GRADES, mixed, seed=1)

    assert found.right_plain == 1.0
    assert found.warning.startswith("mixup of strength 1 is too strong: 100% of") if is_named else found.warning == ""
