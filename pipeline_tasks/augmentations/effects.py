"""Judgement on one augmentation: whether it is too strong, or turns one name into another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline_tasks.augmentations.policy import Step
from pipeline_tasks.records.augmentation_effect import AugmentationEffect

MAX_FALL = 0.25
"""Fall of the share of right images above which a change is too strong."""
MAX_CHANCE = 0.01
"""Probability of such a fall, or of such a swap, if the change did nothing (one-sided sign test)."""
SWAPPED = 0.5
"""Share of the images of both names that must change to the other one."""
Integers = npt.NDArray[np.int64]


def effect_of(step: Step, truth: Integers, plain: Integers, changed: Integers, names: Sequence[str]) -> AugmentationEffect:
    """Judge a change by the numbers of names that a model says of N images as they are, and after the change."""
    was_right, is_right = plain == truth, changed == truth
    swap = _swap(truth, plain, changed, len(names))
    warning = ""
    if swap is not None:
        one, other = (names[number] for number in swap)
        warning = f"{step.name} turns {one} into {other} and {other} into {one}; leave it out of training.augmentation"
    elif was_right.mean() - is_right.mean() > MAX_FALL and _chance(was_right & ~is_right, is_right & ~was_right) < MAX_CHANCE:
        strength = f" of strength {step.strength:g}" if step.strength else ""
        warning = (
            f"{step.name}{strength} is too strong: {was_right.mean():.0%} of {len(truth)} images are named right as they are, and "
            f"{is_right.mean():.0%} after it; lower it in training.augmentation"
        )
    figures = len(truth), float(was_right.mean()), float(is_right.mean())
    return AugmentationEffect(step.name, step.strength, step.probability, *figures, warning)


def _swap(truth: Integers, plain: Integers, changed: Integers, count: int) -> tuple[int, int] | None:
    """The two names that change into each other most; None if none do."""
    was_right = plain == truth
    of_right = np.zeros((count, count), np.int64)
    np.add.at(of_right, (truth[was_right], changed[was_right]), 1)
    totals = np.maximum(of_right.sum(axis=1), 1)
    both = np.minimum(of_right / totals[:, None], (of_right / totals[:, None]).T)
    np.fill_diagonal(both, 0)
    one, other = np.unravel_index(int(both.argmax()), both.shape)
    moved = of_right[one, other] + of_right[other, one]
    if both[one, other] < SWAPPED or 0.5**moved >= MAX_CHANCE:
        return None
    return int(min(one, other)), int(max(one, other))


def _chance(worse: npt.NDArray[np.bool_], better: npt.NDArray[np.bool_]) -> float:
    """Probability of so many images that got worse among those that changed, if each were a coin."""
    count, changed = int(worse.sum()), int(worse.sum() + better.sum())
    ways: int = sum(math.comb(changed, one) for one in range(count, changed + 1))
    return float(ways / 2**changed)
