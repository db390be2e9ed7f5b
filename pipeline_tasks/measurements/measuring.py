"""Measure an image once, so that limits can be judged often."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels
from pipeline_tasks.registries import MEASUREMENTS


def measure(
    pixels: NDArray[np.uint8],
    columns: Iterable[str] = MEASUREMENTS.names,
    digest: str | None = None,
    *,
    is_averaging: bool = False,
) -> dict[str, float | int | str]:
    """Column of `measurements` → its value for canonical pixels (height x width x 3, uint8 RGB); all columns, or those named.

    `digest`: of the whole image, if these are the pixels of its small one. `is_averaging`: measure averages of larger images.
    """
    image = CanonicalPixels(pixels, digest, is_averaging=is_averaging)
    return {column: MEASUREMENTS.load(column)(image) for column in columns}
