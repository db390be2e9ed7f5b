"""Canonical pixels under measurement: what several measurements look at is made once."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.measurements.averages import averaged

_FINE_LONG_PX, _COARSE_LONG_PX = 512, 256
"""Minimum longer sides that averaging leaves. Sharpness at 256 px needs twice as many: averages near its size would change it."""


class CanonicalPixels:
    """One decoded image: height x width x 3, uint8 RGB, upright."""

    def __init__(self, pixels: NDArray[np.uint8], digest: str | None = None, *, is_averaging: bool = False) -> None:
        """Nothing is computed yet. `digest`: of the whole image, if these are the pixels of its small one.

        `is_averaging`: average the luma of larger images, which takes less time.
        """
        self.pixels, self.digest, self.is_averaging = pixels, digest, is_averaging

    @cached_property
    def luma(self) -> Image.Image:
        """The grey image, ITU-R BT.601, 0 to 255; of at least 512 px if averaged."""
        if not self.is_averaging or max(self.pixels.shape[:2]) < 2 * _COARSE_LONG_PX:
            return Image.fromarray(self.pixels).convert("L")
        # OpenCV takes a third of the time, and is at most a level away.
        return Image.fromarray(averaged(np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), np.uint8), _FINE_LONG_PX))

    @cached_property
    def coarse_luma(self) -> Image.Image:
        """The same for what needs few pixels; of at least 256 px if averaged."""
        return Image.fromarray(averaged(np.asarray(self.luma), _COARSE_LONG_PX)) if self.is_averaging else self.luma

    @cached_property
    def luma_shares(self) -> NDArray[np.float64]:
        """Share of the pixels at each of the 256 levels of luma."""
        luma = self.coarse_luma
        return np.asarray(luma.histogram(), np.float64) / (luma.width * luma.height)
