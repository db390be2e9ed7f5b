"""How much each image wants to be covered, by what a model says of it, as far as the model is trusted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.uncertainty import uncertainty

Values = npt.NDArray[np.float64]

FEWEST_EXPECTED = 0.05
"""A class is expected at least as often as this share of an equal share: no image counts without bounds."""


def uncertain(pool: Pool) -> Values:
    """Rows count by the model's uncertainty as far as the labels trust it, else all alike."""
    if pool.probabilities is None:
        return np.ones(len(pool.units))
    if not len(pool.known_labels):
        return uncertainty(pool.probabilities)
    trusted = pool.model_trust
    return (1 - trusted) + trusted * uncertainty(pool.probabilities)


def uncertain_and_rare(pool: Pool) -> Values:
    """The same, and rows of classes that the model sees seldom count more: by the root of how much seldomer than others."""
    if pool.probabilities is None or not len(pool.known_labels):
        return np.ones(len(pool.units))
    classes = pool.probabilities.shape[1]
    expected = pool.probabilities.mean(axis=0) + FEWEST_EXPECTED / classes
    rarity = np.sqrt((pool.probabilities / expected).sum(axis=1) / classes)
    trusted = pool.model_trust
    needs: Values = ((1 - trusted) + trusted * rarity) * ((1 - trusted) + trusted * uncertainty(pool.probabilities))
    return needs
