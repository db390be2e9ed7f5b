"""Coarse place of one image on another: turn, scale and shift, by correlation of all shifts at once.

Both images have even contrast, so that light and exposure count little (as in Fitch et al., Orientation correlation, BMVC 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.fourier import images_of
from pipeline_tasks.images.views import CANVAS_PX, SCALES, Laid, Spectra, View
from pipeline_tasks.tables.duplicate_pair import TURNS

Size = tuple[int, int]
"""Pixels down and across."""
Integers = npt.NDArray[np.int64]

LEAST_OVERLAP = 0.35
"""Share of the smaller one that must lie on the other."""
CLEAR = 0.75
"""A correlation from which no other scale is tried."""


@dataclass(frozen=True)
class Place:
    """One image, turned and scaled, laid on another."""

    correlation: float
    turn: int
    scale: float
    shift_px: tuple[int, int]
    """Down and right, in pixels of the other one's coarse view."""


def places(base: View, image: View, *, at_all_scales: bool) -> list[Place]:
    """The best places of an image on a base, best first: one of each turn and scale that was tried."""
    turns = range(len(TURNS))
    found = _placed(base, image, [(SCALES[0], turn) for turn in turns])
    if at_all_scales and max(place.correlation for place in found) < CLEAR:
        found += _placed(base, image, [(scale, turn) for scale in SCALES[1:] for turn in turns])
    return sorted(found, key=lambda place: -place.correlation)


def _placed(base: View, image: View, ways: Sequence[Laid]) -> list[Place]:
    """The best shift of each scale and turn."""
    others, upright = image.turned(ways), base.upright
    sums = images_of(upright.values * np.conj(others.values), CANVAS_PX)
    height, width = upright.sizes[0].tolist()
    weights = np.stack([_weights((height, width), (one, other)) for one, other in others.sizes.tolist()])
    rows = np.arange(len(ways))
    down, right = np.divmod((sums * weights).reshape(len(ways), -1).argmax(axis=1), CANVAS_PX)
    shifts = np.stack([down - CANVAS_PX * (down >= height), right - CANVAS_PX * (right >= width)], axis=1)
    energies = _energies(upright, np.zeros_like(rows), shifts, others.sizes)
    energies *= _energies(others, rows, -shifts, upright.sizes)
    correlations = sums[rows, down, right] / np.sqrt(np.maximum(energies, 1e-9))
    return [
        Place(correlation, turn, scale, (shift[0], shift[1]))
        for (scale, turn), correlation, shift in zip(ways, correlations.tolist(), shifts.tolist(), strict=True)
    ]


@lru_cache(maxsize=1024)
def _weights(shape: Size, other: Size) -> npt.NDArray[np.float32]:
    """Weight of each shift: 1 / the root of the overlap, since a small overlap has a small sum; 0 where too little overlaps."""
    rows, columns = (_overlaps(one, two) for one, two in zip(shape, other, strict=True))
    pixels = rows[:, None] * columns[None, :]
    least = LEAST_OVERLAP * min(shape[0] * shape[1], other[0] * other[1])
    return np.where(pixels >= least, 1 / np.sqrt(np.maximum(pixels, 1)), 0).astype(np.float32)


def _overlaps(length: int, other: int) -> npt.NDArray[np.int64]:
    """Overlap of two lengths at each shift of the second; negative shifts lie at the end of the canvas."""
    places = np.arange(CANVAS_PX)
    shifts = np.where(places >= length, places - CANVAS_PX, places)
    overlaps: npt.NDArray[np.int64] = np.maximum(0, np.minimum(length, shifts + other) - np.maximum(0, shifts))
    return overlaps


def _energies(spectra: Spectra, rows: Integers, shifts: Integers, others: Integers) -> npt.NDArray[np.float64]:
    """Of each row the sum of squares where another one of size `others`, shifted, overlaps."""
    sizes = spectra.sizes[rows]
    (top, left), (bottom, right) = (np.clip(corner, 0, sizes).T for corner in (shifts, shifts + others))
    sums = spectra.energies
    inside: npt.NDArray[np.float64] = sums[rows, top, left] - sums[rows, top, right]
    inside += sums[rows, bottom, right] - sums[rows, bottom, left]
    return inside
