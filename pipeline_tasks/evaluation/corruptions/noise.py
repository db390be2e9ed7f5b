"""Noise of sensors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def gaussian(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """Normal noise on each value."""
    return image + (0.08, 0.18, 0.38)[at] * generator.standard_normal(image.shape, np.float32)


def shot(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """Poisson noise of few photons."""
    photons = (60, 12, 3)[at]
    return (generator.poisson(image * photons) / photons).astype(np.float32)


def impulse(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """Values that are black or white, by salt and pepper."""
    drawn, share = generator.random(image.shape, np.float32), (0.03, 0.09, 0.27)[at]
    return np.where(drawn < share / 2, np.float32(0), np.where(drawn > 1 - share / 2, np.float32(1), image))
