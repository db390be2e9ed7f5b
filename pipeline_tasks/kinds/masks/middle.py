"""One region from several people's: its edge is in the middle of theirs.

A person's region is its signed distance (pixels from the edge, positive inside); the fused region is where the mean of the
distances is positive (Raya & Udupa, Shape-based interpolation of multidimensional objects, IEEE TMI 1990; Rohlfing & Maurer,
Shape-based averaging, IEEE TIP 2007). Votes of pixels would be the median of the distances, which for two people is what both
drew: too small. Whoever is further from the median than the region is deep drew something else there, and does not count (Tukey's
weights).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
FAR = np.float32(1e6)
"""Distance from an edge that nobody drew."""
_LEAD = 1e-3


def middle(drawn: Sequence[Pixels]) -> Floats:
    """Signed distance of each pixel (height x width) from the middle of the people's edges: positive inside.

    A region that holds no pixel which more than half of the people drew is left out.
    """
    votes: npt.NDArray[np.int32] = np.stack(drawn).sum(axis=0, dtype=np.int32)
    is_core = 2 * votes > len(drawn)
    found = np.full(votes.shape, -FAR, np.float32)
    count, numbers, places, _ = cv2.connectedComponentsWithStats((votes > 0).astype(np.uint8), connectivity=8)
    kept = set(np.unique(numbers[is_core]).tolist())
    for number in range(1, count):
        if number not in kept:
            continue
        left, top, width, height = places[number, :4].tolist()
        # A pixel more on each side, so that the edge is inside.
        here = slice(max(0, top - 1), top + height + 1), slice(max(0, left - 1), left + width + 1)
        is_mine = numbers[here] == number
        distance = _mean([one[here] & is_mine for one in drawn])
        found[here][is_mine] = distance[is_mine]
    return found


def _mean(drawn: Sequence[Pixels]) -> Floats:
    """Mean of the signed distances of one region, by pixel."""
    distances = np.stack([_signed(one) for one in drawn])
    median: Floats = np.median(distances, axis=0)
    depth = max(float(median.max()), 1.0)
    near = np.clip(1 - ((distances - median) / depth) ** 2, 0, None) ** 2
    areas = [int(one.sum()) for one in drawn]
    # Where two edges are equally far, whoever drew less decides: about half of such pixels are in.
    near *= np.array([1 + _LEAD * sum(other > area for other in areas) for area in areas], np.float32)[:, np.newaxis, np.newaxis]
    weight = near.sum(axis=0)
    mean: Floats = np.where(weight > 0, (near * distances).sum(axis=0) / np.maximum(weight, 1e-12), median).astype(np.float32)
    return mean


def _signed(drawn: Pixels) -> Floats:
    """Distance of each pixel's centre from the edge."""
    if not drawn.any():
        return np.full(drawn.shape, -FAR, np.float32)
    signed: Floats = np.where(drawn, _to_others(drawn), -_to_others(~drawn))
    return signed


def _to_others(pixels: Pixels) -> Floats:
    """Distance of the centres of these pixels from the edge of the others; of all there are, from the border."""
    if not pixels.any():
        return np.zeros(pixels.shape, np.float32)
    others = np.pad(pixels.astype(np.uint8), 1, constant_values=0 if pixels.all() else 1)
    found: Floats = cv2.distanceTransform(others, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1] - np.float32(0.5)
    return found
