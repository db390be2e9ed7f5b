"""Strong views of unlabelled images, drawn anew in each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.augmentations.policy import Policy, policy_of
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import derive_seed

if TYPE_CHECKING:
    from torch import Tensor

    from pipeline_tasks.settings import AugmentationSettings

STRENGTHENED = 0.5
"""Share of the way to the greatest strength."""


def strong_policy(
    own: Mapping[str, AugmentationSettings] | None, of_training: Mapping[str, AugmentationSettings] | None, default: tuple[str, ...]
) -> Policy:
    """The policy of `pretraining.views`; without one, that of the training with each strength half way to the greatest.

    Nothing is added that the project does not allow: where text must not be mirrored, no view is.

    Raises:
        SettingsError: nothing would be changed, so that all views of an image are the same.
    """
    if own is not None:
        policy = policy_of(own, default)
        if policy.mixes.steps:
            mixed = ", ".join(policy.mixes.taken)
            raise SettingsError(f"pretraining.views: {mixed} mixes images, and a view must show one; leave it out")
    else:
        usual = policy_of(of_training, default).alone
        policy = Policy(tuple(replace(step, strength=_stronger(step.strength)) for step in usual.steps))
    if not policy.steps:
        raise SettingsError("pretraining.views: wanted at least one augmentation, found none; two equal views teach nothing")
    return policy


def _stronger(strength: float) -> float:
    return strength + (1 - strength) * STRENGTHENED if strength else strength


class StrongViews:
    """Views of images by number; the same seed, epoch and number draw the same views."""

    def __init__(self, images: NDArray[np.uint8], policy: Policy, seed: int, views: int) -> None:
        """Draw so many views of each image (N x side x side x 3)."""
        self.images, self.policy, self.seed, self.views = images, policy, seed, views

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, epoch: int, numbers: list[int]) -> list[Tensor]:
        """The views of these images in this epoch, a tensor (N x side x side x 3, uint8) for each view of an image."""
        import torch

        drawn = ([self._view(epoch, number, view) for number in numbers] for view in range(self.views))
        return [torch.from_numpy(np.stack(one)) for one in drawn]

    def _view(self, epoch: int, number: int, view: int) -> NDArray[np.uint8]:
        seed = derive_seed(self.seed, "pretraining view", str(epoch), str(number), str(view))
        return self.policy.view(np.asarray(self.images[number]), seed)
