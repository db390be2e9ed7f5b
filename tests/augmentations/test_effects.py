"""Tests of the judgement on one augmentation: too strong, or one name turned into another."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.augmentations.effects import effect_of
from pipeline_tasks.augmentations.policy import Step, policy_of
from pipeline_tasks.settings import AugmentationSettings

(FLIP,) = policy_of({"horizontal_flip": AugmentationSettings()}, ()).steps
(BLUR,) = policy_of({"blur": AugmentationSettings(strength=0.9)}, ()).steps
NAMES = ("left", "right", "block")
TRUTH = np.repeat([0, 1, 2], 10)


def warning(step: Step, changed: list[int]) -> str:
    return effect_of(step, TRUTH, TRUTH, np.array(changed), NAMES).warning


def test_effect__of_a_change_that_changes_nothing_is_fine() -> None:
    found = effect_of(FLIP, TRUTH, TRUTH, TRUTH, NAMES)

    assert (found.name, found.images, found.right_plain, found.right_changed, found.warning) == (
        "horizontal_flip",
        30,
        1.0,
        1.0,
        "",
    )


def test_effect__names_two_names_that_change_places() -> None:
    swapped = [1] * 9 + [0] + [0] * 8 + [1] * 2 + [2] * 10

    assert warning(FLIP, swapped).startswith("horizontal_flip turns left into right and right into left; leave it out")


def test_effect__of_one_way_only_is_a_fall_and_no_swap() -> None:
    """A blurred image looks like one certain name, whatever it is."""
    says = warning(BLUR, [2] * 30)

    assert says.startswith("blur of strength 0.9 is too strong: 100% of 30 images are named right as they are, and 33% after it")


def test_effect__of_names_that_become_alike_is_a_fall_and_no_swap() -> None:
    """Said by the chance of a coin, half of each name changes to the other."""
    says = warning(BLUR, [0, 1] * 10 + [2] * 5 + [0] * 5)

    assert says.startswith("blur of strength 0.9 is too strong")


@pytest.mark.parametrize(("wrong", "is_named"), [(10, False), (11, True)])
def test_effect__is_too_strong_above_a_fall_of_a_third(wrong: int, is_named: bool) -> None:
    """11 of 30 are above a third, and 11 coins fall to one side once in 2,000 times."""
    changed = TRUTH.copy()
    changed[5 : 5 + wrong] = 2

    assert bool(warning(BLUR, changed.tolist())) is is_named


def test_effect__of_few_images_is_not_judged_by_chance() -> None:
    """4 of 6 are wrong, which is a coin's luck once in 16."""
    truth = np.array([0, 0, 0, 1, 1, 1])

    assert effect_of(BLUR, truth, truth, np.array([2, 2, 2, 1, 1, 2]), NAMES).warning == ""


def test_effect__counts_images_that_became_right_against_those_that_became_wrong() -> None:
    plain = np.array([*TRUTH[:22], 0, 0, 0, 0, 0, 0, 0, 0])
    changed = np.array([1] * 9 + [*TRUTH[9:]])

    assert effect_of(BLUR, TRUTH, plain, changed, NAMES).warning == ""
