"""Random masks of many sorts, and sloppy annotators of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.masks.mask import Mask, mask_of_polygon

Size = tuple[int, int]
NAMES = ("Riß", "穴", 'a "nut", two & <more>')


def random_masks(count: int, size_px: Size, seed: int) -> tuple[Mask, ...]:
    """Polygons and brush masks, some at the border, one a single pixel; none is empty."""
    drawn = np.random.default_rng(seed)
    found = [_random_mask(drawn, size_px, number) for number in range(count)]
    return tuple(one for one in found if one.area_px)


def disk(name: str, x: float, y: float, radius: float, size_px: Size, corners: int = 40) -> Mask:
    """A disk drawn as a polygon, cut at the border."""
    turns = np.arange(corners) * 2 * math.pi / corners
    xs = np.clip(x + radius * np.cos(turns), 0, size_px[0])
    ys = np.clip(y + radius * np.sin(turns), 0, size_px[1])
    return mask_of_polygon(name, np.stack([xs, ys], axis=1).ravel().tolist(), size_px)


def painted(name: str, mask: np.ndarray[Any, Any]) -> Mask:
    """A brush mask of these pixels (height x width)."""
    return Mask(name, encode(mask), (mask.shape[1], mask.shape[0]))


def _random_mask(drawn: np.random.Generator, size_px: Size, number: int) -> Mask:
    width, height = size_px
    name = NAMES[number % len(NAMES)]
    if number % 2:
        x, y, radius = drawn.random() * width, drawn.random() * height, (0.05 + 0.3 * drawn.random()) * min(size_px)
        return disk(name, x, y, radius, size_px, int(drawn.integers(3, 30)))
    mask = np.zeros((height, width), bool)
    x, y = int(drawn.integers(0, width)), int(drawn.integers(0, height))
    wide, high = (1, 1) if number % 8 == 0 else drawn.integers(1, 1 + np.array(size_px) // 3)
    mask[y : y + high, x : x + wide] = drawn.random(mask[y : y + high, x : x + wide].shape) < 0.8
    mask[y, x] = True
    return painted(name, mask)
