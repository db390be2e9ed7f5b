"""Modality of an image as its pixels show it: colours or none."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_CLOSE = 8
"""Levels between channels that lossy coding leaves in a grey image."""
_COLOURED_SHARE = 0.001
"""A larger share of pixels with colours makes an image one of colours; less is a stamp's edge or noise."""


def has_colours(pixels: NDArray[np.uint8]) -> bool:
    """Return True if an image (height x width x 3, uint8 RGB) is more than one channel three times.

    Grey, depth and infrared images have one channel, which decoding scales to 8 bits and repeats. One with colours is a
    photograph, or a map in false colours, whose levels are not its values.
    """
    red, green, blue = cv2.split(pixels)
    spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    _, is_coloured = cv2.threshold(spread, _CLOSE, 1, cv2.THRESH_BINARY)
    return cv2.countNonZero(is_coloured) > _COLOURED_SHARE * red.size
