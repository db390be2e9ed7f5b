"""Positions and masks of stored pixels turned to the upright image, by the orientation of EXIF (1 to 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Size = tuple[int, int]
"""Width and height in pixels."""
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_SWAPS = (5, 6, 7, 8)
_POINTS: dict[int, Callable[[Floats, Floats, int, int], tuple[Floats, Floats]]] = {
    1: lambda x, y, w, h: (x, y),
    2: lambda x, y, w, h: (w - x, y),
    3: lambda x, y, w, h: (w - x, h - y),
    4: lambda x, y, w, h: (x, h - y),
    5: lambda x, y, w, h: (y, x),
    6: lambda x, y, w, h: (h - y, x),
    7: lambda x, y, w, h: (h - y, w - x),
    8: lambda x, y, w, h: (y, w - x),
}
_MASKS: dict[int, Callable[[Mask], Mask]] = {
    1: lambda mask: mask,
    2: lambda mask: mask[:, ::-1],
    3: lambda mask: mask[::-1, ::-1],
    4: lambda mask: mask[::-1],
    5: lambda mask: mask.T,
    6: lambda mask: mask[::-1].T,
    7: lambda mask: mask[::-1, ::-1].T,
    8: lambda mask: mask.T[::-1],
}


def upright_size(stored_px: Size, orientation: int) -> Size:
    """Width and height of the upright image."""
    return (stored_px[1], stored_px[0]) if orientation in _SWAPS else stored_px


def turn_points(points_px: Sequence[float], stored_px: Size, orientation: int) -> tuple[float, ...]:
    """Points (x and y by turns, measured at the edges of pixels) in the upright image."""
    x, y = np.asarray(points_px, np.float64).reshape(-1, 2).T
    turned = np.stack(_POINTS[orientation](x, y, *stored_px), axis=1)
    return tuple(float(value) for value in turned.ravel())


def turn_mask(mask: Mask, orientation: int) -> Mask:
    """A mask (height x width) of the stored pixels, in the upright image."""
    return _MASKS[orientation](mask)
