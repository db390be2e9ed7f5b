"""Temperature scaling: one number that calibrates a classifier's probabilities without changing its predictions.

Temperature scaling: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks" (ICML 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

MIN_IMAGES = 20
"""Minimum number of images for calibration."""
_LOWEST, _HIGHEST = math.log(0.25), math.log(8.0)
_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 40


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """Find the temperature with the highest likelihood of validation images (logits N x C, targets N); 1.0 if there are too few."""
    return likeliest_temperature(logits, targets) if len(targets) >= MIN_IMAGES else 1.0


def likeliest_temperature(
    logits: NDArray[np.float32], targets: NDArray[np.int64], weights: NDArray[np.float32] | None = None
) -> float:
    """Temperature with the lowest loss, between 1/4 and 8, over images weighted by `weights` (N) or equally."""
    return best_temperature(lambda temperature: log_loss(logits, targets, temperature, weights))


def best_temperature(loss: Callable[[float], float]) -> float:
    """Temperature with the lowest loss, between 1/4 and 8."""
    # Golden-section search: the loss has one minimum over the logarithm of the temperature.
    low, high = _LOWEST, _HIGHEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss(math.exp(left)) < loss(math.exp(right)):
            high = right
        else:
            low = left
    return round(math.exp((low + high) / 2), 6)


def log_loss(
    logits: NDArray[np.float32], targets: NDArray[np.int64], temperature: float = 1.0, weights: NDArray[np.float32] | None = None
) -> float:
    """Mean negative log-likelihood of the targets, over images weighted by `weights` (N) or equally."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    logarithms = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return float(np.average(-logarithms[np.arange(len(targets)), targets], weights=weights))
