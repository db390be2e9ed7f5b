"""Coarse place of one image on another: turn, scale and shift, by correlation of all shifts at once.

Both images have even contrast, so that light and exposure count little (as in Fitch et al., Orientation correlation, BMVC 2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.views import CANVAS_PX, SCALES, View

Size = tuple[int, int]
"""Pixels down and across."""

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
    found = _at_scale(base, image, SCALES[0])
    if at_all_scales and max(place.correlation for place in found) < CLEAR:
        found += [place for scale in SCALES[1:] for place in _at_scale(base, image, scale)]
    return sorted(found, key=lambda place: -place.correlation)


def _at_scale(base: View, image: View, scale: float) -> list[Place]:
    """The best shift of each turn."""
    others = image.turned(scale)
    sums = np.fft.irfft2(base.upright.values * np.conj(others.values), s=(CANVAS_PX, CANVAS_PX))
    shape, energies = base.upright.sizes[0], base.upright.energies[0]
    found = []
    for turn, (one, size) in enumerate(zip(sums, others.sizes, strict=True)):
        down, right = divmod(int((one * _weights(shape, size)).argmax()), CANVAS_PX)
        shift = (down - CANVAS_PX * (down >= shape[0]), right - CANVAS_PX * (right >= shape[1]))
        energy = _energy(energies, shape, size, shift) * _energy(others.energies[turn], size, shape, (-shift[0], -shift[1]))
        found.append(Place(float(one[down, right]) / max(energy, 1e-9) ** 0.5, turn, scale, shift))
    return found


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


def _energy(sums: npt.NDArray[np.float64], shape: Size, other: Size, shift: Size) -> float:
    """Sum of squares where the other one, shifted, overlaps; from sums over all pixels above and left."""
    (top, left), (bottom, right) = (
        tuple(min(length, max(0, at)) for length, at in zip(shape, place, strict=True))
        for place in (shift, (shift[0] + other[0], shift[1] + other[1]))
    )
    return float(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left])
