"""Modality of an image as its pixels show it: colours or none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CLOSE = 8
"""Levels between channels that lossy coding leaves in a grey image."""
_FEW = 16
"""Every so manyth row is looked at first."""
_COLOURED_SHARE = 0.001
"""A larger share of pixels with colours makes an image one of colours; less is a stamp's edge or noise."""


def has_colours(pixels: NDArray[np.uint8]) -> bool:
    """Return True if an image (height x width x 3, uint8 RGB) is more than one channel three times.

    Grey, depth and infrared images have one channel, which decoding scales to 8 bits and repeats. One with colours is a
    photograph, or a map in false colours, whose levels are not its values.
    """
    enough = _COLOURED_SHARE * pixels.shape[0] * pixels.shape[1]
    # A few rows of most photographs have more pixels with colours than that, and then the others need no look.
    return _coloured(pixels[::_FEW]) > enough or _coloured(pixels) > enough


def _coloured(pixels: NDArray[np.uint8]) -> int:
    """Number of pixels with colours."""
    red, green, blue = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return int(np.count_nonzero(spread > _CLOSE))
