"""How far a model can be trusted, by cross-validation on what is labelled: it decides how much its uncertainty says.

A ridge classifier on the embeddings answers for each labelled row as if that row had been left out, which a single solve gives
for all of them (leave-one-out by the hat matrix: Allen 1974). Where labels are few these answers are little better than chance,
and what a model is unsure of is noise; where they are right, it is what to ask about.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers

MOST_ROWS = 2000
"""More labelled rows are thinned out evenly: the solve grows with their cube."""
RIDGES = (0.01, 0.1, 1.0)
"""Shares of the mean length that are added to the diagonal; the best one counts."""


def trust(units: Floats, label_numbers: Integers, classes: int) -> float:
    """From 0, no better than chance, to 1, always right: balanced over `classes`, of which one without labels counts as wrong.

    `units` are the labelled rows (L x D, of length 1), `label_numbers` their classes.
    """
    if len(units) > MOST_ROWS:
        kept = np.linspace(0, len(units) - 1, MOST_ROWS).astype(np.int64)
        units, label_numbers = units[kept], label_numbers[kept]
    if len(np.unique(label_numbers)) < 2 or classes < 2:
        return 0.0
    right = [share_right(answers, label_numbers, classes) for answers in _left_out_answers(units, label_numbers)]
    return max(0.0, (max(right) - 1 / classes) / (1 - 1 / classes))


def trust_in_answers(units: Floats, label_numbers: Integers, probabilities: npt.NDArray[np.float64]) -> float:
    """From 0 to 1: what cross-validation says that the embeddings can tell, and no more than the model itself gets right.

    A model that answers labelled images wrong, such as one of other days, is not trusted however well classes lie apart.
    All are of the labelled rows; `probabilities` (L x C) are the model's.
    """
    classes = probabilities.shape[1]
    right = share_right(probabilities.argmax(axis=1), label_numbers, classes)
    return min(trust(units, label_numbers, classes), max(0.0, (right - 1 / classes) / (1 - 1 / classes)))


def share_right(answers: Integers, label_numbers: Integers, classes: int) -> float:
    """How many answers are right, balanced over classes; a class with one row or none counts as wrong."""
    right = np.bincount(label_numbers[answers == label_numbers], minlength=classes)
    of = np.bincount(label_numbers, minlength=classes)
    # Nothing is left of a class when its only row is left out.
    return float(np.where(of > 1, right / np.maximum(of, 1), 0).sum() / classes)


def _left_out_answers(units: Floats, label_numbers: Integers) -> list[Integers]:
    """Each row's class by a classifier that has not seen it, once a ridge; rows of a rare class count as much as all of another."""
    names, numbers, counts = np.unique(label_numbers, return_inverse=True, return_counts=True)
    centred = units.astype(np.float64) - units.mean(axis=0)
    wanted = np.eye(len(names))[numbers]
    # Weighted least squares is plain least squares on rows scaled by the root of their weights.
    root = np.sqrt(len(numbers) / len(names) / counts[numbers])[:, None]
    values, vectors = np.linalg.eigh((centred @ centred.T + np.mean(centred**2)) * root * root.T)
    values = np.clip(values, 0, None)
    mean = max(float(values.mean()), 1e-12)
    answers = []
    for ridge in RIDGES:
        hat = (vectors * (values / (values + ridge * mean))) @ vectors.T
        fitted, own = hat @ (wanted * root), np.clip(np.diag(hat)[:, None], 0, 1 - 1e-9)
        left_out = (fitted - own * wanted * root) / (1 - own)
        answers.append(names[left_out.argmax(axis=1)])
    return answers
