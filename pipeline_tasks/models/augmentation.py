"""Seeded augmented views of a model-size image."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

RECIPE = {
    "version": 1,
    "RandomResizedCrop": {"scale": [0.6, 1.0], "ratio": [0.8, 1.25]},
    "HorizontalFlip": {"p": 0.5},
    "RandomBrightnessContrast": {"brightness_limit": 0.25, "contrast_limit": 0.25, "p": 0.8},
    "GaussianBlur": {"blur_limit": [3, 5], "p": 0.2},
}
"""albumentations transforms in order; change this when the output of `augmented_view` changes, so that its digest changes."""

MOVING = ("RandomResizedCrop", "HorizontalFlip")
"""Transforms after which a thing is at another place of the image."""
_held = threading.local()


def augmented_view(image: NDArray[np.uint8], seed: int, *, may_move: bool = True) -> NDArray[np.uint8]:
    """Draw one view (uint8, side x side x 3) of a model-size image; the same seed draws the same view. Thread-safe.

    Without `may_move` only light and sharpness change, so that places in the image stay true.
    """
    pipeline = _pipeline(image.shape[0], may_move=may_move)
    pipeline.set_random_seed(seed)
    view: NDArray[np.uint8] = pipeline(image=image)["image"]
    return np.ascontiguousarray(view)


def augmentation_digest(*, may_move: bool = True) -> str:
    """Digest of the recipe of the views: 64 hexadecimal digits."""
    recipe = {name: arguments for name, arguments in RECIPE.items() if may_move or name not in MOVING}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _pipeline(side_px: int, *, may_move: bool) -> Any:
    """This thread's own pipeline, because a shared one would draw from a shared random state."""
    pipelines = _held.__dict__.setdefault("pipelines", {})
    if (side_px, may_move) not in pipelines:
        # Prevents the import from asking a server for newer versions.
        os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
        import albumentations

        crop = albumentations.RandomResizedCrop((side_px, side_px), **_arguments("RandomResizedCrop"))
        names = [name for name in list(RECIPE)[2:] if may_move or name not in MOVING]
        others = [getattr(albumentations, name)(**_arguments(name)) for name in names]
        pipelines[side_px, may_move] = albumentations.Compose([crop, *others] if may_move else others)
    return pipelines[side_px, may_move]


def _arguments(name: str) -> dict[str, Any]:
    arguments = RECIPE[name]
    assert isinstance(arguments, dict)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
