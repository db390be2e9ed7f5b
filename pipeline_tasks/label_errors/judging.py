"""Doubts about labels of one name an image, and the suspects among them.

A row is doubted as far as heads and neighbours that have not seen its label believe in another one. A suspect is one whose other
name is believed nearly as much as that name's own rows are on average (after confident learning: Northcutt, Jiang, Chuang 2021,
arXiv 1911.00068, where it is just as much).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.label_errors.features import features_of
from pipeline_tasks.label_errors.neighbour_votes import neighbour_votes
from pipeline_tasks.label_errors.out_of_fold import out_of_fold
from pipeline_tasks.neighbors.cosine import Floats, Integers, unit_rows

NEIGHBOURS_WEIGHT = 1 / 3
"""Weight of the neighbours' votes beside the heads' beliefs."""
SHARE_OF_MEAN = 0.8
"""A suspect's other name is believed at least this share of the mean belief in rows of that name."""
LEAST_GROUPS = 5
"""Groups of a name below which its rows are not judged: heads that have not seen one of them hardly know the name."""
MOST_OF_A_NAME = 0.5
"""Largest share of a name's rows that can be suspects, so that a rare name is never questioned away."""


@dataclass(frozen=True)
class Doubts:
    """Beliefs about N labels."""

    beliefs: Floats
    """N x names, of heads and neighbours that have not seen the row's label; each row adds up to 1."""
    numbers: Integers
    """N: the label that stands."""
    is_judged: npt.NDArray[np.bool_]
    """N: False for a row of a name of too few groups."""

    @property
    def given(self) -> Floats:
        """Belief in each label."""
        given: Floats = np.take_along_axis(self.beliefs, self.numbers[:, None], axis=1)[:, 0]
        return given

    @property
    def suggested(self) -> Integers:
        """The other name that is believed most."""
        others = self.beliefs.copy()
        np.put_along_axis(others, self.numbers[:, None], -1, axis=1)
        suggested: Integers = others.argmax(axis=1)
        return suggested

    @property
    def doubt(self) -> Floats:
        """Belief in the suggested name less that in the label: from -1 (certainly right) to 1 (certainly wrong)."""
        doubt: Floats = np.take_along_axis(self.beliefs, self.suggested[:, None], axis=1)[:, 0] - self.given
        return doubt


def judge(vectors: Floats, numbers: Integers, groups: Integers, classes: int, seed: int) -> Doubts:
    """Judge N labels (numbers below `classes`) of N x D embeddings; at least two names and as many groups as folds are needed.

    `groups` are numbers from 0: rows that must not judge each other, such as those of one clip.
    """
    pairs = np.unique(np.stack([numbers, groups]), axis=1)[0]
    is_judged = np.bincount(pairs, minlength=classes)[numbers] >= LEAST_GROUPS
    units = unit_rows(vectors)
    heads = out_of_fold(features_of(units, seed), numbers, groups, classes, seed)
    beliefs = (1 - NEIGHBOURS_WEIGHT) * heads + NEIGHBOURS_WEIGHT * neighbour_votes(units, numbers, classes, seed)
    return Doubts(beliefs.astype(np.float32), numbers, is_judged)


def suspects(doubts: Doubts) -> Integers:
    """Rows of suspects, the most doubted first."""
    suggested, doubt = doubts.suggested, doubts.doubt
    believed = np.take_along_axis(doubts.beliefs, suggested[:, None], axis=1)[:, 0]
    is_suspect = doubts.is_judged & (doubt > 0) & (believed >= SHARE_OF_MEAN * _mean_beliefs(doubts)[suggested])
    ordered = np.argsort(-doubt, kind="stable")
    ordered = ordered[is_suspect[ordered]]
    rows_of = np.bincount(doubts.numbers, minlength=doubts.beliefs.shape[1])
    seen = np.zeros(len(rows_of), np.int64)
    kept = []
    for row in ordered.tolist():
        seen[doubts.numbers[row]] += 1
        if seen[doubts.numbers[row]] <= MOST_OF_A_NAME * rows_of[doubts.numbers[row]]:
            kept.append(row)
    return np.array(kept, np.int64)


def _mean_beliefs(doubts: Doubts) -> Floats:
    """Mean belief in each name over the rows that have it; 1 for a name without rows."""
    classes = doubts.beliefs.shape[1]
    counts = np.bincount(doubts.numbers, minlength=classes)
    sums = np.bincount(doubts.numbers, weights=doubts.given.astype(np.float64), minlength=classes)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), 1).astype(np.float32)
    return means
