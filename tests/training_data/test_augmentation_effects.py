"""Tests of what a model that saw plain images only says of changed ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.augmentations.policy import Policy, policy_of
from pipeline_tasks.settings import AugmentationSettings
from pipeline_tasks.training_data.augmentation_effects import augmentation_effects

NAMES = ("left", "right")
POLICY = policy_of({name: AugmentationSettings(strength=None) for name in ("horizontal_flip", "blur", "jpeg", "mixup")}, ())
TARGETS = np.arange(60) % 2
EMBEDDINGS = (np.random.default_rng(0).normal(0, 0.3, (60, 4)) + np.eye(4)[TARGETS]).astype(np.float32)


def view(row: int, policy: Policy, other: int) -> NDArray[np.float32]:
    """A flip exchanges the first two numbers, a blur leaves none, JPEG changes nothing; a mix shows the other image alone."""
    plain, name = EMBEDDINGS[row], policy.steps[0].name
    assert [step.probability for step in policy.steps] == [1.0]
    return {
        "horizontal_flip": plain[[1, 0, 2, 3]],
        "blur": np.array([0, 1, 0, 0], np.float32),
        "jpeg": plain,
        "mixup": EMBEDDINGS[other],
    }[name]


def test_augmentation_effects__name_the_wrong_ones_of_a_policy() -> None:
    effects = augmentation_effects(POLICY, EMBEDDINGS, TARGETS, np.arange(60), NAMES, view, seed=1)

    flip, blur, jpeg, mixup = effects
    assert flip.warning.startswith("horizontal_flip turns left into right and right into left")
    assert blur.warning.startswith("blur of strength 0.2 is too strong")
    assert jpeg.warning == ""
    assert jpeg.right_changed == jpeg.right_plain > 0.8
    assert (mixup.warning, mixup.right_changed > 0.8) == ("", True)
    assert {one.images for one in effects} == {60}


def test_augmentation_effects__judge_nothing_by_few_images_or_one_group() -> None:
    few, one_group = slice(0, 10), np.zeros(60, np.int64)

    assert augmentation_effects(POLICY, EMBEDDINGS[few], TARGETS[few], np.arange(10), NAMES, view, seed=1) == []
    assert augmentation_effects(POLICY, EMBEDDINGS, TARGETS, one_group, NAMES, view, seed=1) == []
    assert augmentation_effects(policy_of({}, ()), EMBEDDINGS, TARGETS, np.arange(60), NAMES, view, seed=1) == []
