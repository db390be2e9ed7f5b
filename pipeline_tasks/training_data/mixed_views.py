"""Augmented views that mix two training images, drawn anew for each training.

They are not stored: the other image may be another one tomorrow, and an image that is erased must be in no stored view of others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.augmentations.mixing import Partners, drawn_mix, mixed_image
from pipeline_tasks.augmentations.policy import Policy
from pipeline_tasks.records.cycle import derive_seed

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class MixedView:
    """One view of one image."""

    number: int
    """Of the view, from 0."""
    other: int
    """Row of the other image."""
    share: float
    """Of the other image."""
    pixels: Pixels


@dataclass(frozen=True)
class MixedViews:
    """Views of training images with a policy that mixes; the same seed draws the same."""

    policy: Policy
    image_ids: Sequence[str]
    """Of the training images alone, a row each."""
    partners: Partners
    seed: int
    image: Callable[[str], Pixels]
    """image_id → model-size image."""

    def of(self, row: int, views: int) -> list[MixedView]:
        """Those of so many views of an image that are mixed."""
        return [found for number in range(views) if (found := self._view(row, number)) is not None]

    def _view(self, row: int, number: int) -> MixedView | None:
        image_id, at = self.image_ids[row], str(number)
        drawn = drawn_mix(self.policy, row, self.partners, derive_seed(self.seed, "mix", image_id, at))
        if drawn is None:
            return None
        view = self.policy.view(self.image(image_id), derive_seed(self.seed, "view", image_id, at))
        (other,) = drawn.others
        theirs = self.policy.view(self.image(self.image_ids[other]), derive_seed(self.seed, "other", image_id, at))
        pixels, share = mixed_image(view, theirs, drawn.cut)
        return MixedView(number, other, share, pixels)
