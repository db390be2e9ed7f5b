"""Agreement of the boundaries of two masks of one image.

Boundary F1 (Csurka et al., What is a good evaluation measure for semantic segmentation?, BMVC 2013): the harmonic mean of the
shares of either boundary that are near the other one.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.bool_]

TOLERANCE = 0.0075
"""Share of the image's diagonal that still is near; at least a pixel."""


def boundary_f(one: Pixels, other: Pixels) -> float | None:
    """F1 of the boundaries of two masks (height x width); None if neither has one, as an empty mask or one of the whole image."""
    reach = max(1.0, TOLERANCE * float(np.hypot(one.shape[0], one.shape[1])))
    rows, columns = _around(one | other, int(np.ceil(reach)) + 1)
    mine, theirs = boundary(one)[rows, columns], boundary(other)[rows, columns]
    if not mine.any() and not theirs.any():
        return None
    if not mine.any() or not theirs.any():
        return 0.0
    precision, recall = _share_near(mine, theirs, reach), _share_near(theirs, mine, reach)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def boundary(mask: Pixels) -> Pixels:
    """Pixels of a mask beside a pixel that is not in it; the border of the image is no boundary."""
    padded = np.pad(mask, 1, mode="edge")
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    found: Pixels = mask & ~inside
    return found


def _share_near(one: Pixels, other: Pixels, reach: float) -> float:
    """Share of the pixels of `one` that have a pixel of `other` within reach."""
    distances = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float((distances[one] <= reach + 1e-4).mean())


def _around(mask: Pixels, margin: int) -> tuple[slice, slice]:
    """Rows and columns of a mask with a margin."""
    found = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    return (_widened(found[0], margin), _widened(found[1], margin))


def _widened(places: npt.NDArray[np.int64], margin: int) -> slice:
    return slice(max(0, int(places[0]) - margin), int(places[-1]) + margin + 1) if places.size else slice(0, 0)
