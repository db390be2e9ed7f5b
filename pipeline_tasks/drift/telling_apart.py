"""A classifier that tells production from reference: how well it does is a test, and its surest images are examples.

Lopez-Paz, Oquab, Revisiting classifier two-sample tests (ICLR 2017). The classifier is Fisher's linear discriminant with a ridge,
in closed form: exchanged sides are further columns of one solution, so that all of cross-validation is repeated in each exchange.
Its area under ROC has DeLong's interval (Biometrics 44, 1988), over clips instead of frames (Obuchowski, Biometrics 53, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from pipeline_tasks.drift.permuting import Matrix
from pipeline_tasks.drift.sample import Floats, Integers
from pipeline_tasks.intervals.bootstrap import sum_by_group
from pipeline_tasks.intervals.resampled import Estimate

FOLDS, RIDGE = 5, 1.0
"""Ridge: in mean variances of a component."""


def held_out_scores(rows: Matrix, sides: Matrix, blocks: Integers, seed: int) -> Matrix:
    """Scores (N x E) by classifiers that have not seen the image's block, of mean 0 and variance 1 in each fold.

    Of N x K rows and N x E sides; high means production.
    """
    names, numbers = np.unique(blocks, return_inverse=True)
    folds = np.random.default_rng(seed).permutation(len(names))[numbers] % FOLDS
    scores = np.zeros_like(sides)
    for fold in range(FOLDS):
        is_asked = folds == fold
        learnt, asked = rows[~is_asked], rows[is_asked]
        if not len(learnt) or not len(asked):
            continue
        centre = learnt.mean(axis=0)
        products = (learnt - centre).T @ (learnt - centre)
        ridge = RIDGE * float(np.trace(products)) / len(products) + 1e-12
        wanted = (learnt - centre).T @ (sides[~is_asked] - sides[~is_asked].mean(axis=0))
        found = (asked - centre) @ np.linalg.solve(products + np.float32(ridge) * np.eye(len(products), dtype=np.float32), wanted)
        found -= found.mean(axis=0)
        scores[is_asked] = found / np.maximum(found.std(axis=0), 1e-12)
    return scores


def separations(scores: Matrix, weights: Matrix) -> Floats:
    """Mean score of production less that of the reference in each exchange (E), in standard deviations."""
    found: Floats = np.einsum("ne,ne->e", scores, weights, dtype=np.float64)
    return found


def area_of(separation: float) -> float:
    """Area under ROC of two normal distributions that far apart."""
    return 0.5 + 0.5 * erf(separation / 2)


@dataclass(frozen=True)
class _Places:
    of_production: Floats
    of_reference: Floats


def area_under_roc(scores: Floats, is_production: npt.NDArray[np.bool_], blocks: Integers, confidence: float) -> Estimate:
    """Chance that a production image scores higher than a reference image, with its interval."""
    places = _places(scores, is_production)
    area = float(places.of_production.mean())
    variance = sum(
        _variance(one - area, blocks[side])
        for one, side in ((places.of_production, is_production), (places.of_reference, ~is_production))
    )
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt(variance)
    return Estimate(area, max(0.0, area - reach), min(1.0, area + reach))


def _places(scores: Floats, is_production: npt.NDArray[np.bool_]) -> _Places:
    production, reference = np.sort(scores[is_production]), np.sort(scores[~is_production])

    def share_below(values: Floats, others: Floats) -> Floats:
        return (np.searchsorted(others, values) + np.searchsorted(others, values, side="right")) / (2 * len(others))

    return _Places(share_below(scores[is_production], reference), 1 - share_below(scores[~is_production], production))


def _variance(residuals: Floats, blocks: Integers) -> float:
    """Variance of the mean of residuals that are alike within a block."""
    names, numbers = np.unique(blocks, return_inverse=True)
    sums = sum_by_group(residuals, numbers, len(names))
    return float((sums**2).sum()) / len(residuals) ** 2 * len(names) / max(len(names) - 1, 1)
