"""Loss of independent decisions on each class, with numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def log_loss(
    logits: NDArray[np.float32], targets: NDArray[np.float32], temperature: float = 1.0, weights: NDArray[np.float32] | None = None
) -> float:
    """Mean negative log-likelihood over images and classes (both N x C), weighted by `weights` (N x C) or equally."""
    scaled = logits.astype(np.float64) / temperature
    # -log sigmoid(x) is log(1 + exp(-x)); a target of 0 is the same for -x.
    losses = np.logaddexp(0, np.where(targets > 0, -scaled, scaled))
    return float(np.average(losses, weights=weights))
