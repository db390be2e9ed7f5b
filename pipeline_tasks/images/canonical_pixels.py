"""Canonical pixels under measurement: what several measurements look at is made once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class CanonicalPixels:
    """One decoded image: height x width x 3, uint8 RGB, upright."""

    def __init__(self, pixels: NDArray[np.uint8], digest: str | None = None) -> None:
        """Nothing is computed yet. `digest`: of the whole image, if these are the pixels of its small one."""
        self.pixels, self.digest = pixels, digest

    @cached_property
    def luma(self) -> Image.Image:
        """The grey image, ITU-R BT.601, 0 to 255."""
        return Image.fromarray(self.pixels).convert("L")

    @cached_property
    def luma_shares(self) -> NDArray[np.float64]:
        """Share of the pixels at each of the 256 levels of luma."""
        return np.asarray(self.luma.histogram(), np.float64) / (self.luma.width * self.luma.height)
