"""Uncertainty of a model about an image in which it finds several objects: boxes or masks.

Each object has its own beliefs; an image counts by its most uncertain object, by the mean of all, or by their sum, which
prefers images with many objects (Brust, Käding, Denzler 2019, Active learning for deep object detection, arXiv 1809.09875).
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
    """Uncertainty of each row from 0 to 1: of its own beliefs, or of its objects together; 0 without objects."""
    instances = pool.wishes.instance_beliefs
    if instances is None:
        assert pool.beliefs is not None
        return measure(pool.beliefs)
    values, rows = np.zeros(len(instances)), np.repeat(np.arange(len(instances)), [len(one) for one in instances])
    if not len(rows):
        return values
    of_instances = measure(np.concatenate([one for one in instances if len(one)]).astype(np.float64))
    if pool.wishes.instance_aggregate == "max":
        np.maximum.at(values, rows, of_instances)
        return values
    sums = np.bincount(rows, of_instances, minlength=len(instances))
    counts = np.bincount(rows, minlength=len(instances))
    scale = np.maximum(counts, 1) if pool.wishes.instance_aggregate == "mean" else max(float(sums.max()), 1e-12)
    shares: Values = sums / scale
    return shares


def most_doubtful(pool: Pool, row: int) -> tuple[Values, int]:
    """Beliefs of a row's most uncertain object, and the number of objects; 0 if the model found none.

    An image that is classified as a whole is one object.
    """
    if pool.wishes.instance_beliefs is None:
        assert pool.beliefs is not None
        return pool.beliefs[row], 1
    instances = np.asarray(pool.wishes.instance_beliefs[row], np.float64)
    return (instances[int(uncertainty(instances).argmax())] if len(instances) else np.empty(0)), len(instances)
