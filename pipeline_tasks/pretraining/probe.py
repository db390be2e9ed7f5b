"""Probe: what a linear model can read off the embeddings of two backbones, compared on the same labelled images.

Ridge regression to the names of an image, fitted in closed form to all labelled images but one fold of the held-out ones. An image
counts as right if the name with the highest score is one of its names: of kinds with one name this is accuracy. Chen et al.,
SimCLR (ICML 2020), section 5, judge by a linear model, too. Only held-out images are counted, which no pretraining saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.evaluation.ridge import fit_ridge
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval, ratio_draws, sum_by_group
from pipeline_tasks.intervals.few_differences import few_differences_interval
from pipeline_tasks.models.embedding_scale import embedding_scale

FOLDS = 5
DRAWS = 2000
CONFIDENCE = 0.95
FEWEST_GROUPS = 2


@dataclass(frozen=True)
class Labelled:
    """Labelled images of a probe."""

    names: NDArray[np.bool_]
    """N x C: names that are on an image."""
    groups: NDArray[np.int64]
    """Number of each image's split group."""
    is_probed: NDArray[np.bool_]
    """Held out of the pretraining, and counted."""

    @property
    def why_not(self) -> str:
        """Sentence on why nothing can be compared; empty if it can."""
        if len(np.unique(self.groups[self.is_probed])) < FEWEST_GROUPS:
            return (
                f"the probe wants held-out labelled images of {FEWEST_GROUPS} split groups, found {self._groups}; label more images"
            )
        if self.names.any(axis=0).sum() < 2:
            return "the probe wants labelled images of two names, found one"
        return ""

    @property
    def _groups(self) -> int:
        return len(np.unique(self.groups[self.is_probed]))


@dataclass(frozen=True)
class Gain:
    """Share of held-out images that are right, before and after; the difference with its 95 % interval."""

    images: int
    groups: int
    fitted_images: int
    """Labelled images beside them that every fit has."""
    before: float
    after: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def words(self) -> str:
        """Sentence on it, in points of a hundred."""
        found = f"{100 * self.gain:+.1f} points ({100 * self.low:+.1f} to {100 * self.high:+.1f}) on {self.images} labelled images"
        shown = "a gain" if self.low > 0 else "a loss" if self.high < 0 else "no gain is shown"
        return f"{found} that it had not seen: {shown}"


def probe(before: NDArray[np.float32], after: NDArray[np.float32], labelled: Labelled, seed: int) -> Gain:
    """Compare two backbones' embeddings (N x D each) of the same images, which `labelled.why_not` finds enough."""
    folds = _folds(labelled, seed)
    hits = [_hits(rows, labelled, folds)[labelled.is_probed].astype(np.float64) for rows in (before, after)]
    groups = np.unique(labelled.groups[labelled.is_probed], return_inverse=True)[1]
    low, high = _interval(hits[1] - hits[0], groups, seed)
    images, fitted = int(labelled.is_probed.sum()), int((~labelled.is_probed).sum())
    return Gain(images, int(groups.max()) + 1, fitted, float(hits[0].mean()), float(hits[1].mean()), low, high)


def _folds(labelled: Labelled, seed: int) -> NDArray[np.int64]:
    """Fold of each held-out image by its group; -1 for the others, which are in every fit."""
    found = np.full(len(labelled.groups), -1)
    groups = np.unique(labelled.groups[labelled.is_probed])
    order = np.random.default_rng(seed).permutation(groups)
    for place, group in enumerate(order):
        found[labelled.is_probed & (labelled.groups == group)] = place % FOLDS
    return found


def _hits(rows: NDArray[np.float32], labelled: Labelled, folds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True for each held-out image whose highest score is one of its names, by fits without its fold."""
    hits = np.zeros(len(rows), np.bool_)
    for fold in range(FOLDS):
        mine = folds == fold
        if not mine.any():
            continue
        scale = embedding_scale(rows[~mine], int((~mine).sum()))
        known, asked = ((rows[one] - scale.mean).astype(np.float64) / scale.spread for one in (~mine, mine))
        ridge = fit_ridge(known, labelled.names[~mine].astype(np.float64), np.ones(len(known)))
        best = ridge.predict(asked).argmax(axis=1)
        hits[mine] = labelled.names[mine][np.arange(len(best)), best]
    return hits


def _interval(differences: NDArray[np.float64], groups: NDArray[np.int64], seed: int) -> tuple[float, float]:
    """The wider of the bootstrap over groups and the score test, which is honest where few images differ."""
    count = int(groups.max()) + 1
    sums, images = (sum_by_group(values[:, np.newaxis], groups, count) for values in (differences, np.ones(len(differences))))
    drawn = percentile_interval(ratio_draws(draw_groups(count, DRAWS, seed), sums, images)[:, 0], CONFIDENCE)
    tested = few_differences_interval(sums[:, 0] / len(differences), images[:, 0].astype(np.int64), CONFIDENCE)
    return min(drawn.low, tested.low), max(drawn.high, tested.high)
