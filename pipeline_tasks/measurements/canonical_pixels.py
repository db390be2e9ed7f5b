"""Canonical pixels under measurement: what several measurements look at is made once."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.measurements.averages import averaged
from pipeline_tasks.measurements.averaging import LEAST_LONG_PX, Averaging

_FINE_LONG_PX, _COARSE_LONG_PX = 512, LEAST_LONG_PX // 2
"""Minimum longer sides that averaging leaves."""


class CanonicalPixels:
    """One decoded image: height x width x 3, uint8 RGB, upright."""

    def __init__(self, pixels: NDArray[np.uint8], digest: str | None = None, averaging: Averaging = "nothing") -> None:
        """Nothing is computed yet. `digest`: of the whole image's data, if not of these pixels; `averaging`: of larger images."""
        self.pixels, self.digest, self.averaging = pixels, digest, averaging
        self.is_averaged = averaging == "all" or (averaging != "nothing" and max(pixels.shape[:2]) >= LEAST_LONG_PX)

    @property
    def is_small(self) -> bool:
        """Return True if all but sharpness is measured on `small`."""
        return self.is_averaged and self.averaging in ("colours", "all")

    @cached_property
    def small(self) -> NDArray[np.uint8]:
        """Colours of at least 256 px on the longer side, averaged."""
        return averaged(self.pixels, _COARSE_LONG_PX)

    @cached_property
    def small_luma(self) -> NDArray[np.uint8]:
        """Luma of `small`."""
        return np.asarray(cv2.cvtColor(self.small, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def luma(self) -> Image.Image:
        """The grey image, ITU-R BT.601, 0 to 255; of at least 512 px if averaged."""
        if not self.is_averaged:
            return Image.fromarray(self.pixels).convert("L")
        return Image.fromarray(self.fine_luma)

    @cached_property
    def fine_luma(self) -> NDArray[np.uint8]:
        """Luma of at least 512 px, averaged."""
        # OpenCV takes a third of Pillow's time, and is at most a level away.
        return averaged(np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), np.uint8), _FINE_LONG_PX)

    @cached_property
    def coarse_luma(self) -> Image.Image:
        """The same for what needs few pixels; of at least 256 px if averaged."""
        return Image.fromarray(averaged(np.asarray(self.luma), _COARSE_LONG_PX)) if self.is_averaged else self.luma

    @cached_property
    def luma_shares(self) -> NDArray[np.float64]:
        """Share of the pixels at each of the 256 levels of luma."""
        if self.is_small:
            return np.asarray(Image.fromarray(self.small_luma).histogram(), np.float64) / self.small_luma.size
        luma = self.coarse_luma
        return np.asarray(luma.histogram(), np.float64) / (luma.width * luma.height)
