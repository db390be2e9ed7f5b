"""Steps of a policy as a pipeline of albumentations, which is imported only here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.augmentations.augmentation import Augmentation, PixelFunction
from pipeline_tasks.errors import SettingsError

# Prevents the import from asking a server for newer versions.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
import albumentations

if TYPE_CHECKING:
    from pipeline_tasks.augmentations.policy import Step

SIZED = ("RandomResizedCrop",)
"""Transforms that are told the size of their output."""


def pipeline(steps: Sequence[Step], side_px: int) -> Any:
    """The steps in order; `set_random_seed` of the result makes a view reproducible."""
    return albumentations.Compose([_transform(step, side_px) for step in steps])


def _transform(step: Step, side_px: int) -> Any:
    augmentation = step.augmentation
    if augmentation.function is not None:
        return _Own(augmentation, augmentation.function, step.strength, step.probability)
    found = {key: tuple(value) if isinstance(value, list) else value for key, value in step.recipe.items()}
    size = {"size": (side_px, side_px)} if augmentation.transform in SIZED else {}
    return getattr(albumentations, augmentation.transform)(**size, **{"p": step.probability, **found})


class _Own(albumentations.ImageOnlyTransform):  # type: ignore[misc]
    """A function of (image, strength, generator) as a transform."""

    def __init__(self, augmentation: Augmentation, function: PixelFunction, strength: float, probability: float) -> None:
        super().__init__(p=probability)
        self.augmentation, self.function, self.strength = augmentation, function, strength

    def apply(self, img: NDArray[np.uint8], **parameters: object) -> NDArray[np.uint8]:
        """Return the changed image.

        Raises:
            SettingsError: the function returns something else than an image of the same shape.
        """
        changed = self.function(img.copy(), self.strength, self.random_generator)
        if not isinstance(changed, np.ndarray) or changed.shape != img.shape or changed.dtype != np.uint8:
            said = f"{changed.dtype} of shape {changed.shape}" if isinstance(changed, np.ndarray) else repr(type(changed).__name__)
            raise SettingsError(
                f"training.augmentation: {self.augmentation.name} must return an image like the one it is given, uint8 of "
                f"shape {img.shape}, and returned {said}"
            )
        return changed
