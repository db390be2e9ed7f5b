"""Weather and light."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline_tasks.evaluation.corruptions.blur import motion

Floats = npt.NDArray[np.float32]


def snow(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """Flakes blurred by their fall over a whitened image."""
    mean, least, share = ((0.1, 0.5, 0.8), (0.55, 0.9, 0.7), (0.55, 0.85, 0.55))[at]
    drawn = generator.normal(mean, 0.3, image.shape[:2]).astype(np.float32)
    flakes = np.asarray(cv2.GaussianBlur(np.where(drawn < least, np.float32(0), np.clip(drawn, 0, 1)), (0, 0), 0.8), np.float32)
    fallen = motion(np.repeat(flakes[:, :, None], 3, axis=2), min(at, 1), generator)
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)[:, :, None]
    white = share * image + (1 - share) * np.maximum(image, grey * 1.5 + 0.5)
    return np.asarray(white + fallen + fallen[::-1, ::-1], np.float32)


def frost(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """Crystals over a dimmed image: ridges of a cloud."""
    keeps, adds = ((0.9, 0.3), (0.75, 0.55), (0.6, 0.75))[at]
    ridges = 1 - np.abs(2 * _cloud(image.shape[:2], 1.2, generator) - 1)
    return np.asarray(keeps * image + adds * (ridges**2)[:, :, None] * np.array([0.85, 0.95, 1.0]), np.float32)


def fog(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """A cloud over the image, which keeps its greatest value."""
    thick, decay = ((1.5, 2.0), (2.5, 1.7), (3.0, 1.4))[at]
    highest = float(image.max())
    covered = image + thick * _cloud(image.shape[:2], decay, generator)[:, :, None]
    return np.asarray(covered * highest / (highest + thick), np.float32)


def brightness(image: Floats, at: int, _: np.random.Generator) -> Floats:
    """More light: the value of hue, saturation and value rises."""
    hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), np.float32)
    hsv[:, :, 2] = np.clip(hsv[:, :, 2] + (0.1, 0.3, 0.5)[at], 0, 1)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.float32)


def _cloud(size: tuple[int, ...], decay: float, generator: np.random.Generator) -> Floats:
    """Noise at doubling scales, finer ones weaker by `decay`, from 0 to 1."""
    height, width = size
    found, weight, cells = np.zeros((height, width), np.float32), 1.0, 2
    while cells <= min(height, width):
        drawn = generator.random((cells, cells), np.float32)
        found += weight * np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        weight, cells = weight / decay, cells * 2
    low, high = float(found.min()), float(found.max())
    return (found - low) / max(high - low, 1e-6)
