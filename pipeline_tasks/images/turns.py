"""The eight turns and mirrors of an image, as augmented exports have them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.tables.duplicate_pair import TURNS

MIRRORED = 4
"""Turns from this number on are mirrored."""


def turned(pixels: npt.NDArray[np.float32], turn: int) -> npt.NDArray[np.float32]:
    """Height x width values (or height x width x channels) after a turn, as a contiguous array."""
    values = np.rot90(pixels, turn % MIRRORED)
    return np.ascontiguousarray(values[:, ::-1] if turn >= MIRRORED else values)


def turned_bits(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """N x 16 x 16 bits of a grid → 8 x N x 16 x 16: the same grids after each turn."""
    turns = [np.rot90(bits, turn % MIRRORED, axes=(1, 2)) for turn in range(len(TURNS))]
    return np.stack([one[:, :, ::-1] if turn >= MIRRORED else one for turn, one in enumerate(turns)])
