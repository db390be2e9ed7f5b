"""Blur by lenses, glass and movement."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def defocus(image: Floats, at: int, _: np.random.Generator) -> Floats:
    """A disc for each point."""
    radius = _scaled((3, 6, 10)[at], image)
    down, across = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = (down**2 + across**2 <= radius**2).astype(np.float32)
    return _filtered(image, disc / disc.sum())


def glass(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """Each pixel changes places with a near one, between two blurs."""
    sigma, reach = (0.7, 1.0, 1.5)[at], _scaled((1, 2, 4)[at], image)
    soft = _soft(image, sigma)
    height, width = image.shape[:2]
    steps = generator.integers(-reach, reach + 1, (2, height, width))
    rows, columns = np.mgrid[:height, :width]
    moved = soft[np.clip(rows + steps[0], 0, height - 1), np.clip(columns + steps[1], 0, width - 1)]
    return _soft(moved, sigma)


def motion(image: Floats, at: int, generator: np.random.Generator) -> Floats:
    """A line for each point, in a drawn direction."""
    length = 2 * _scaled((5, 8, 10)[at], image) + 1
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1
    turn = cv2.getRotationMatrix2D((length // 2, length // 2), float(generator.uniform(-45, 45)), 1)
    turned = np.asarray(cv2.warpAffine(line, turn, (length, length)), np.float32)
    return _filtered(image, turned / turned.sum())


def zoom(image: Floats, at: int, _: np.random.Generator) -> Floats:
    """The mean of the image at growing scales."""
    height, width = image.shape[:2]
    centre, steps = ((width - 1) / 2, (height - 1) / 2), np.linspace(1, (1.1, 1.2, 1.3)[at], 10)
    scaled = [np.asarray(cv2.warpAffine(image, cv2.getRotationMatrix2D(centre, 0, one), (width, height))) for one in steps]
    return np.asarray(np.stack([image, *scaled]).mean(axis=0), np.float32)


def _scaled(length_px: float, image: Floats) -> int:
    return max(1, round(length_px * min(image.shape[:2]) / 224))


def _filtered(image: Floats, kernel: Floats) -> Floats:
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)


def _soft(image: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
