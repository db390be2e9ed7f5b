"""Judgement on one augmentation: whether it is too strong, or turns one name into another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline_tasks.augmentations.policy import Step
from pipeline_tasks.records.augmentation_effect import AugmentationEffect

MAX_FALL = 1 / 3
"""Fall of the share of right images above which a change is too strong."""
MAX_CHANCE = 0.01
"""Probability of such a fall if the change did nothing, or of such a swap if it made two names alike (one-sided sign tests)."""
SWAPPED = 2 / 3
"""Share of the images that are still said to be one of the two names that must change to the other one, of both names."""
Integers = npt.NDArray[np.int64]


def effect_of(
    step: Step,
    truth: Integers,
    plain: Integers,
    changed: Integers,
    names: Sequence[str],
    *,
    mixed_with: Integers | None = None,
) -> AugmentationEffect:
    """Judge a change by the numbers of names that a model says of N images as they are, and after the change.

    `mixed_with` has the names of the images that were mixed in: either name is right then, and none can be swapped.
    """
    was_right, is_right = plain == truth, changed == truth
    if mixed_with is not None:
        is_right |= changed == mixed_with
    swap = None if mixed_with is not None else _swap(truth, plain, changed, len(names))
    warning = ""
    if swap is not None:
        one, other = (names[number] for number in swap)
        warning = f"{step.name} turns {one} into {other} and {other} into {one}; leave it out of training.augmentation"
    elif (
        int(was_right.sum() - is_right.sum()) > MAX_FALL * len(truth)
        and _chance(was_right & ~is_right, is_right & ~was_right) < MAX_CHANCE
    ):
        strength = f" of strength {step.strength:g}" if step.strength else ""
        warning = (
            f"{step.name}{strength} is too strong: {was_right.mean():.0%} of {len(truth)} images are named right as they are, and "
            f"{is_right.mean():.0%} after it; lower it in training.augmentation"
        )
    figures = len(truth), float(was_right.mean()), float(is_right.mean())
    return AugmentationEffect(step.name, step.strength, step.probability, *figures, warning)


def _swap(truth: Integers, plain: Integers, changed: Integers, count: int) -> tuple[int, int] | None:
    """The two names that change into each other most; None if none do.

    Names that a change makes alike go to either with the chance of a coin, which is no swap.
    """
    was_right = plain == truth
    said = np.zeros((count, count), np.int64)
    np.add.at(said, (truth[was_right], changed[was_right]), 1)
    moved, stayed = said, np.diag(said)[:, None]
    share = np.where(moved + stayed > 0, moved / np.maximum(moved + stayed, 1), 0.0)
    both = np.minimum(share, share.T)
    np.fill_diagonal(both, 0)
    one, other = (int(at) for at in np.unravel_index(int(both.argmax()), both.shape))
    there, still = int(said[one, other] + said[other, one]), int(said[one, one] + said[other, other])
    is_swap = both[one, other] >= SWAPPED and _tail(there, there + still) < MAX_CHANCE
    return (min(one, other), max(one, other)) if is_swap else None


def _chance(worse: npt.NDArray[np.bool_], better: npt.NDArray[np.bool_]) -> float:
    """Probability of so many images that got worse among those that changed, if each were a coin."""
    return _tail(int(worse.sum()), int(worse.sum() + better.sum()))


def _tail(count: int, of: int) -> float:
    """Probability of at least so many heads of a coin."""
    ways: int = sum(math.comb(of, one) for one in range(count, of + 1))
    return float(ways / 2**of)
