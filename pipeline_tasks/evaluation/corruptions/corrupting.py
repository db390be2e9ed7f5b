"""Corruptions by name, the same for the same seed.

Strengths 1, 2 and 3 are the severities 1, 3 and 5 of ImageNet-C, whose lengths are of images of 224 px and scale with the side.
Frost is drawn and not pasted from photographs, and elastic has strengths of its own; figures compare models here, and not with
published ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from pipeline_tasks.evaluation.corruptions import blur, noise, pixels, weather

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Corruption = Callable[[Floats, int, np.random.Generator], Floats]
"""Of an image (height x width x 3, 0 to 1) at a severity from 0 to 2."""

STRENGTHS = (1, 2, 3)
CORRUPTIONS: Mapping[str, Corruption] = {
    "gaussian noise": noise.gaussian,
    "shot noise": noise.shot,
    "impulse noise": noise.impulse,
    "defocus blur": blur.defocus,
    "glass blur": blur.glass,
    "motion blur": blur.motion,
    "zoom blur": blur.zoom,
    "snow": weather.snow,
    "frost": weather.frost,
    "fog": weather.fog,
    "brightness": weather.brightness,
    "contrast": pixels.contrast,
    "elastic": pixels.elastic,
    "pixelate": pixels.pixelate,
    "jpeg": pixels.jpeg,
}


def corrupted(image: Pixels, name: str, strength: int, seed: int) -> Pixels:
    """The image (height x width x 3, uint8 RGB) through one corruption at strength 1, 2 or 3."""
    generator = np.random.default_rng([seed, list(CORRUPTIONS).index(name), strength])
    found = CORRUPTIONS[name](np.asarray(image / 255, np.float32), strength - 1, generator)
    return np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8)
