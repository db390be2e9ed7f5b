"""How unsure a model is of an image in which it finds parts: boxes, or masks.

Each part has probabilities of its own; an image counts by its most doubtful part, by the mean of all, or by their sum, which also
asks for images with many parts (Brust, Käding, Denzler 2019, Active learning for deep object detection, arXiv 1809.09875).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.uncertainty import uncertainty

Values = npt.NDArray[np.float64]
Measure = Callable[[Values], Values]


def of_images(pool: Pool, measure: Measure) -> Values:
    """The measure of each row from 0 to 1: of its own probabilities, or of its parts' together. A row without parts has 0."""
    parts = pool.wishes.part_probabilities
    if parts is None:
        assert pool.probabilities is not None
        return measure(pool.probabilities)
    values, rows = np.zeros(len(parts)), np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    if not len(rows):
        return values
    of_parts = measure(np.concatenate([one for one in parts if len(one)]).astype(np.float64))
    if pool.wishes.part_aggregate == "max":
        np.maximum.at(values, rows, of_parts)
        return values
    sums = np.bincount(rows, of_parts, minlength=len(parts))
    counts = np.bincount(rows, minlength=len(parts))
    scale = np.maximum(counts, 1) if pool.wishes.part_aggregate == "mean" else max(float(sums.max()), 1e-12)
    shares: Values = sums / scale
    return shares


def most_doubtful(pool: Pool, row: int) -> tuple[Values, int]:
    """The probabilities that a row is doubted for, and of how many parts they are one; 0 parts: the model found none.

    An image that is taken as a whole is one part.
    """
    if pool.wishes.part_probabilities is None:
        assert pool.probabilities is not None
        return pool.probabilities[row], 1
    parts = np.asarray(pool.wishes.part_probabilities[row], np.float64)
    return (parts[int(uncertainty(parts).argmax())] if len(parts) else np.empty(0)), len(parts)
