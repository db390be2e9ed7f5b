"""Colour shift of an image: what a wrong white balance does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RED_LESS_BLUE, GREEN_LESS_OTHERS = "red_less_blue", "green_less_others"


def colour_shift(pixels: npt.NDArray[np.uint8]) -> dict[str, float]:
    """Means of height x width x 3 RGB pixels: red less blue, and green less the mean of both, each -255 to 255."""
    red, green, blue = (float(mean) for mean in pixels.mean(axis=(0, 1)))
    return {RED_LESS_BLUE: red - blue, GREEN_LESS_OTHERS: green - (red + blue) / 2}
