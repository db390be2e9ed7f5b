"""Need of each image for coverage, from a model's predictions as far as the model is trusted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.uncertainty import uncertainty

Values = npt.NDArray[np.float64]

FEWEST_EXPECTED = 0.05
"""Lower limit of a class's expected frequency, as a fraction of an equal share, so that weights stay bounded."""


def uncertain(pool: Pool) -> Values:
    """Weights by the model's uncertainty, as far as the labels justify trust in it, else equal."""
    if pool.beliefs is None:
        return np.ones(len(pool.units))
    if not len(pool.known_labels):
        return uncertainty(pool.beliefs)
    trusted = pool.model_trust
    return (1 - trusted) + trusted * uncertainty(pool.beliefs)


def uncertain_and_rare(pool: Pool) -> Values:
    """The same, with more weight for classes that the model rarely predicts: by the root of their relative rarity."""
    if pool.beliefs is None or not len(pool.known_labels):
        return np.ones(len(pool.units))
    classes = pool.beliefs.shape[1]
    expected = pool.beliefs.mean(axis=0) + FEWEST_EXPECTED / classes
    rarity = np.sqrt((pool.beliefs / expected).sum(axis=1) / classes)
    trusted = pool.model_trust
    needs: Values = ((1 - trusted) + trusted * rarity) * ((1 - trusted) + trusted * uncertainty(pool.beliefs))
    return needs
