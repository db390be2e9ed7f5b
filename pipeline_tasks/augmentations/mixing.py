"""Mixing of a training image with others: which others, how much of them, and the image that comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.augmentations.augmentation import Cut, Rectangle
from pipeline_tasks.augmentations.policy import Policy, Step

DRAWS = 2
"""Number of the generator of mixes, so that a view's other draws are as without them."""
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Partners:
    """Rows of images that may be mixed with each other: those of a training, never of its validation or test images."""

    groups: NDArray[np.int64]
    """Number of each row's split group; images of one show the same, and are not mixed."""

    def of(self, row: int, count: int, random: np.random.Generator) -> tuple[int, ...]:
        """Draw rows of other groups for a row; none if there are none."""
        others = np.flatnonzero(self.groups != self.groups[row])
        return tuple(others[random.integers(len(others), size=count)].tolist()) if len(others) else ()


@dataclass(frozen=True)
class DrawnMix:
    """One mix for one view."""

    step: Step
    cut: Cut
    others: tuple[int, ...]
    """Rows of the other images."""


def drawn_mix(policy: Policy, row: int, partners: Partners, seed: int) -> DrawnMix | None:
    """Draw the mix of a view of this row; None if none is taken, or nothing can be mixed with it. Of several, one is drawn."""
    random = np.random.default_rng([seed, DRAWS])
    steps = policy.mixes.steps
    taken = [step for step, drawn in zip(steps, random.random(len(steps)), strict=True) if drawn < step.probability]
    if not taken:
        return None
    step = taken[int(random.integers(len(taken)))]
    mix = step.augmentation.mix
    assert mix is not None, "steps of `mixes` have one"
    others = partners.of(row, mix.others, random)
    return DrawnMix(step, mix.draw(step.strength, random), others) if others else None


def mixed_image(image: Pixels, other: Pixels, cut: Cut) -> tuple[Pixels, float]:
    """The image of two of the same shape, and the other's share: as blended, or of the pixels that its rectangle covers."""
    if not cut.rectangles:
        blend = (1 - cut.share) * image.astype(np.float32) + cut.share * other.astype(np.float32)
        return np.rint(blend).astype(np.uint8), cut.share
    found, height, width = image.copy(), *image.shape[:2]
    left, top, right, bottom = pixels_of(cut.rectangles[0], (width, height))
    found[top:bottom, left:right] = other[top:bottom, left:right]
    return found, (right - left) * (bottom - top) / (height * width)


def pixels_of(rectangle: Rectangle, size_px: tuple[int, int], grid_px: int = 1) -> tuple[int, int, int, int]:
    """The rectangle in whole pixels, or whole cells of a grid, of an image of this width and height: left, top, right, bottom."""
    shares = zip(rectangle, size_px * 2, strict=True)
    left, top, right, bottom = (round(share * length / grid_px) * grid_px for share, length in shares)
    return left, top, right, bottom
