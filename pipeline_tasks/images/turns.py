"""The eight turns and mirrors of an image, as augmented exports have them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MIRRORED = 4
"""Turns from this number on are mirrored."""


def turned(pixels: npt.NDArray[np.float32], turn: int) -> npt.NDArray[np.float32]:
    """Height x width values (or height x width x channels) after a turn, as a contiguous array."""
    values = np.rot90(pixels, turn % MIRRORED)
    return np.ascontiguousarray(values[:, ::-1] if turn >= MIRRORED else values)
