"""Measure an image once, so that limits can be judged often."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.measurements.averaging import Averaging
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels
from pipeline_tasks.registries import MEASUREMENTS


def measure(
    pixels: NDArray[np.uint8],
    columns: Iterable[str] = MEASUREMENTS.names,
    digest: str | None = None,
    averaging: Averaging = "nothing",
) -> dict[str, float | int | str]:
    """Column of `measurements` → its value for canonical pixels (height x width x 3, uint8 RGB); all columns, or those named.

    `digest`: of the whole image's data, if not of these pixels; `averaging`: of larger images.
    """
    return measured(CanonicalPixels(pixels, digest, averaging), columns)


def measured(image: CanonicalPixels, columns: Iterable[str] = MEASUREMENTS.names) -> dict[str, float | int | str]:
    """The same of pixels from which more is made."""
    return {column: _function(column)(image) for column in columns}


@cache
def _function(column: str) -> Callable[[CanonicalPixels], float | int | str]:
    """The registry's function; asking it for each image takes longer than some measurements."""
    return MEASUREMENTS.load(column)
