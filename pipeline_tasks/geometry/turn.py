"""Turn of an image about its middle, onto a canvas that holds all of it, and of what lies in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
QUARTER_DEG = 90.0


@dataclass(frozen=True)
class Turn:
    """A turn of an image of this size, clockwise as it is seen."""

    width_px: int
    height_px: int
    degrees: float = 0.0

    @property
    def quarters(self) -> int | None:
        """Number of quarter turns, 0 to 3; None if the angle is none of them."""
        quarters, rest = divmod(self.degrees, QUARTER_DEG)
        return int(quarters) % 4 if rest == 0 else None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the turned image."""
        if self.quarters is not None:
            return (self.width_px, self.height_px) if self.quarters % 2 == 0 else (self.height_px, self.width_px)
        cosine, sine = (abs(one) for one in self._cosine_and_sine)
        width, height = self.width_px * cosine + self.height_px * sine, self.width_px * sine + self.height_px * cosine
        return max(1, round(width)), max(1, round(height))

    def points(self, points: Floats) -> Floats:
        """Points (N x 2: x, y, edges and not centres) in the turned image."""
        cosine, sine = self._cosine_and_sine
        x, y = (np.asarray(points, np.float64).reshape(-1, 2) - np.array([self.width_px, self.height_px]) / 2).T
        turned: Floats = np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1) + np.array(self.size_px) / 2
        return turned

    def sources(self, points: Floats) -> Floats:
        """Points of the turned image (N x 2) in the image before it was turned; some may lie outside."""
        cosine, sine = self._cosine_and_sine
        x, y = (np.asarray(points, np.float64).reshape(-1, 2) - np.array(self.size_px) / 2).T
        found: Floats = np.stack([cosine * x + sine * y, cosine * y - sine * x], axis=1)
        return found + np.array([self.width_px, self.height_px]) / 2

    def boxes(self, boxes: Floats) -> Floats:
        """Boxes (N x 4: x_min, y_min, x_max, y_max) around the turned ellipses that fill the boxes, cut at the image's border.

        The box around the turned corners would be too large for nearly everything (Kalra et al., "Towards Rotation Invariance in
        Object Detection", ICCV 2021).
        """
        found = np.asarray(boxes, np.float64).reshape(-1, 4)
        cosine, sine = self._cosine_and_sine
        middles, half = self.points((found[:, :2] + found[:, 2:]) / 2), (found[:, 2:] - found[:, :2]) / 2
        across = np.hypot(half[:, 0] * cosine, half[:, 1] * sine)
        down = np.hypot(half[:, 0] * sine, half[:, 1] * cosine)
        reach = np.stack([across, down], axis=1)
        turned: Floats = np.concatenate([middles - reach, middles + reach], axis=1).clip(0, [*self.size_px, *self.size_px])
        return turned

    def mask(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """A mask (height x width) in the turned image; each pixel is that of the nearest place before."""
        if self.quarters is not None:
            return np.ascontiguousarray(np.rot90(mask, -self.quarters))
        width, height = self.size_px
        y, x = np.mgrid[:height, :width]
        found = np.floor(self.sources(np.stack([x.ravel(), y.ravel()], axis=1) + 0.5)).astype(np.int64)
        is_inside = ((found >= 0) & (found < (self.width_px, self.height_px))).all(axis=1)
        turned = np.zeros(width * height, bool)
        turned[is_inside] = mask[found[is_inside, 1], found[is_inside, 0]]
        return turned.reshape(height, width)

    @property
    def _cosine_and_sine(self) -> tuple[float, float]:
        if self.quarters is not None:
            return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[self.quarters]
        return math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
