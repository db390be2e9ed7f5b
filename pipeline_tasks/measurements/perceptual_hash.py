"""64-bit hash that differs in only a few bits between images that look alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.measurements.averages import box_means
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels

_SIDE_PX = 32
_LOW = 8
_GAP = 3.0
"""Of images that were averaged before: pixels for each of the 32 that are left by averaging, before the slower filter."""


def perceptual_hash(image: CanonicalPixels) -> int:
    """Hash luma: the signs of its 8 x 8 lowest DCT coefficients against their median, row by row, first bit highest.

    This is pHash as Zauner describes it ("Implementation and Benchmarking of Perceptual Image Hash Functions", 2010).
    """
    return hash_of_square(square_luma(image))


def square_luma(image: CanonicalPixels) -> NDArray[np.float64]:
    """Luma of 32 x 32 px, whatever the image's proportions."""
    if image.is_small and min(image.small_luma.shape) >= 2 * _SIDE_PX:
        return box_means(image.small_luma, (_SIDE_PX, _SIDE_PX))
    gap = _GAP if image.averaging != "nothing" or image.digest is not None else None
    return np.asarray(image.coarse_luma.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=gap), np.float64)


def hash_of_square(small: NDArray[np.floating]) -> int:
    """Hash of 32 x 32 luma."""
    return _hash(_low_frequencies(small))


def hashes_of_turns(small: NDArray[np.floating]) -> list[int]:
    """Hash of 32 x 32 luma after each of eight turns: by quarters counter-clockwise, then the same mirrored left to right.

    The coefficients of a turned image are the same ones: a mirrored one has the signs of odd columns changed, a turned one has rows
    and columns exchanged besides.
    """
    turns = [_low_frequencies(small)]
    for _ in range(3):
        turns.append(turns[-1].T * _SIGNS[:, np.newaxis])
    return [_hash(one) for one in (*turns, *(one * _SIGNS for one in turns))]


def _low_frequencies(small: NDArray[np.floating]) -> NDArray[np.float64]:
    # Rounding keeps floating-point noise out of a flat image's hash.
    low: NDArray[np.float64] = np.round(_COSINES @ small @ _COSINES.T, 6)
    return low


def _hash(low: NDArray[np.float64]) -> int:
    values = np.sort(low, axis=None)
    bits = (low > (values[31] + values[32]) / 2).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _cosines() -> NDArray[np.float64]:
    """The first rows of the DCT-II matrix: one row a frequency."""
    frequencies, places = np.arange(_LOW)[:, np.newaxis], np.arange(_SIDE_PX)
    rows: NDArray[np.float64] = np.cos(np.pi * frequencies * (2 * places + 1) / (2 * _SIDE_PX))
    return rows


_COSINES = _cosines()
_SIGNS = np.where(np.arange(_LOW) % 2, -1.0, 1.0)
