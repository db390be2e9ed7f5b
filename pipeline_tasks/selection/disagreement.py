"""BALD: what variants of the model answer differently, each sure of itself.

The mutual information between answer and model (Houlsby et al. 2011, arXiv 1112.5745), with the variants of dropout (Gal, Islam,
Ghahramani 2017, arXiv 1703.02910); on a frozen backbone it is features that are dropped, ahead of the last layer. Unlike entropy it
passes over images that are ambiguous whatever the model learns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.scored import Scored, Values


def bald(pool: Pool) -> Scored:
    """Disagreement of the model's variants.

    Raises:
        SettingsError: there are no variants' answers.
    """
    draws = pool.wishes.probability_draws
    if draws is None:
        raise SettingsError("objectives: bald: wanted probability_draws, the answers of a model's variants, found none")
    return Scored(disagreement(draws), lambda pick: _words(pool, draws, pick))


def disagreement(draws: npt.NDArray[np.float32]) -> Values:
    """Mutual information as a share of the highest possible, log C: T x N x C answers give N values from 0 to 1."""
    most = np.log(min(draws.shape[0], draws.shape[2])) if draws.shape[0] > 1 else 1.0
    own = np.mean([_entropy(draw) for draw in draws], axis=0) if len(draws) else np.zeros(draws.shape[1])
    joint = _entropy(draws.mean(axis=0)) if len(draws) else own
    shares: Values = np.clip((joint - own) / most, 0, 1)
    return shares


def _entropy(probabilities: npt.NDArray[np.float32]) -> Values:
    safe = np.clip(probabilities.astype(np.float64), 1e-12, 1)
    entropies: Values = -(safe * np.log(safe)).sum(axis=1)
    return entropies


def _words(pool: Pool, draws: npt.NDArray[np.float32], pick: int) -> str:
    votes = np.bincount(draws[:, pick].argmax(axis=1), minlength=draws.shape[2])
    ranked = [number for number in np.argsort(-votes, kind="stable") if votes[number]][:2]
    said = [f"{pool.class_name(int(number))} ({votes[number]} of {len(draws)})" for number in ranked]
    if len(said) == 1:
        return f"variants of the model all say {said[0]}, but some are much less sure than others"
    return f"variants of the model disagree: {' against '.join(said)}"
