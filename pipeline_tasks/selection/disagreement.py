"""BALD: images that variants of the model predict differently, each with confidence.

Mutual information between prediction and model (Houlsby et al. 2011, arXiv 1112.5745), with variants by dropout (Gal, Islam,
Ghahramani 2017, arXiv 1703.02910); on a frozen backbone features are dropped before the last layer. Unlike entropy it ignores
images that stay ambiguous whatever the model learns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.pool import Pool

Values = npt.NDArray[np.float64]


def draws_of(pool: Pool) -> npt.NDArray[np.float32]:
    """Predictions of the model's variants, T x N x C.

    Raises:
        SettingsError: there are none.
    """
    draws = pool.wishes.belief_draws
    if draws is None:
        raise SettingsError("objectives: bald: wanted belief_draws, the predictions of a model's variants, found none")
    return draws


def disagreement(draws: npt.NDArray[np.float32]) -> Values:
    """Mutual information as a share of its maximum, log C: T x N x C predictions give N values from 0 to 1."""
    most = np.log(min(draws.shape[0], draws.shape[2])) if draws.shape[0] > 1 else 1.0
    own = np.mean([_entropy(draw) for draw in draws], axis=0) if len(draws) else np.zeros(draws.shape[1])
    joint = _entropy(draws.mean(axis=0)) if len(draws) else own
    shares: Values = np.clip((joint - own) / most, 0, 1)
    return shares


def votes_of(draws: npt.NDArray[np.float32], row: int) -> list[tuple[int, int]]:
    """Class number and number of variants that predict it, most votes first; classes without votes are left out."""
    votes = np.bincount(draws[:, row].argmax(axis=1), minlength=draws.shape[2])
    return [(int(number), int(votes[number])) for number in np.argsort(-votes, kind="stable") if votes[number]]


def _entropy(beliefs: npt.NDArray[np.float32]) -> Values:
    safe = np.clip(beliefs.astype(np.float64), 1e-12, 1)
    entropies: Values = -(safe * np.log(safe)).sum(axis=1)
    return entropies
