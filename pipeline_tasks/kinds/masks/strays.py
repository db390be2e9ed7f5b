"""Pixels of regions that lie far from where somebody else says that their class is."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from pipeline_tasks.geometry.run_lengths import Size, decode

GRID_PX = 256
"""Longer side at which distances are measured; larger images are thinned out, as distances within a few pixels do not count."""
FAR = 1 / 40
"""Distance from which on a pixel counts wholly, as a share of the image's longer side."""
Cells = npt.NDArray[np.bool_]


def strays(regions: Mapping[str, str], others: Mapping[str, str], size_px: Size) -> dict[str, float]:
    """Class → its pixels that are not in the other's region of that class, as a share of the image, weighted by their distance.

    A pixel at distance d from that region counts (d / FAR)², at most 1: borders never agree to the pixel, while something that one
    side alone drew is far from all that the other has drawn of its class.
    """
    return {name: _stray(_thinned(rle, size_px), others.get(name), size_px) for name, rle in regions.items()}


def _stray(cells: Cells, other: str | None, size_px: Size) -> float:
    if other is None:
        return float(cells.mean())
    outside = (~_thinned(other, size_px)).astype(np.uint8)
    if outside.all():
        return float(cells.mean())
    distances = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[cells]
    weights = np.minimum(distances / (FAR * max(cells.shape)), 1) ** 2
    return float(weights.sum(dtype=np.float64) / cells.size)


def _thinned(rle: str, size_px: Size) -> Cells:
    """The mask at most GRID_PX long."""
    step = max(1, -(-max(size_px) // GRID_PX))
    return np.ascontiguousarray(decode(rle, size_px)[step // 2 :: step, step // 2 :: step])
