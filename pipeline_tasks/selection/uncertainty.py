"""Uncertainty of a model from its beliefs, from 0 to 1 (Settles 2009, Active Learning Literature Survey, 3.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def uncertainty(beliefs: Values) -> Values:
    """1 minus the margin between the two likeliest classes, for each row of N x C; 1 if they are equally likely."""
    highest = np.partition(beliefs, -2, axis=1)[:, -2:]
    wavering: Values = np.clip(1 - (highest[:, 1] - highest[:, 0]), 0, 1)
    return wavering


def entropy(beliefs: Values) -> Values:
    """Entropy as a share of its maximum, that of C equally likely classes."""
    safe = np.clip(beliefs, 1e-12, 1)
    spread: Values = np.clip(-(safe * np.log(safe)).sum(axis=1) / np.log(beliefs.shape[1]), 0, 1)
    return spread


def least_confidence(beliefs: Values) -> Values:
    """1 minus the belief in the likeliest class, as a share of its maximum, with C equally likely classes."""
    classes = beliefs.shape[1]
    doubt: Values = np.clip((1 - beliefs.max(axis=1)) * classes / (classes - 1), 0, 1)
    return doubt
