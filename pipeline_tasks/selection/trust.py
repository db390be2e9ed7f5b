"""Trust in a model, by cross-validation on the labels; it sets the weight of the model's uncertainty.

A ridge classifier on the embeddings predicts each labelled row as if that row had been left out, which a single solve gives for
all of them (leave-one-out by the hat matrix: Allen 1974). With few labels these predictions are little better than chance, and
a model's uncertainty is noise; if they are correct, its uncertainty is a good guide.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers

MOST_ROWS = 2000
"""Maximum number of labelled rows; more are thinned out evenly, because the cost grows with their cube."""
RIDGES = (0.01, 0.1, 1.0)
"""Regularizations to try, as shares of the mean length added to the diagonal; the best one is used."""


def trust(units: Floats, label_numbers: Integers, classes: int) -> float:
    """Trust from 0 (no better than chance) to 1 (always right), balanced over `classes`; a class without labels counts as wrong.

    `units` are the labelled rows (L x D, of length 1), `label_numbers` their classes.
    """
    if len(units) > MOST_ROWS:
        kept = np.linspace(0, len(units) - 1, MOST_ROWS).astype(np.int64)
        units, label_numbers = units[kept], label_numbers[kept]
    if len(np.unique(label_numbers)) < 2 or classes < 2:
        return 0.0
    right = [share_right(predicted, label_numbers, classes) for predicted in _left_out_predictions(units, label_numbers)]
    return max(0.0, (max(right) - 1 / classes) / (1 - 1 / classes))


def trust_in_predictions(units: Floats, label_numbers: Integers, beliefs: npt.NDArray[np.float64]) -> float:
    """Trust from 0 to 1 by cross-validation on the embeddings, limited to the model's own accuracy.

    A model that gets labelled images wrong, such as an outdated one, is not trusted even if the classes are well separated.
    All arguments are of the labelled rows; `beliefs` (L x C) are the model's.
    """
    classes = beliefs.shape[1]
    right = share_right(beliefs.argmax(axis=1), label_numbers, classes)
    return min(trust(units, label_numbers, classes), max(0.0, (right - 1 / classes) / (1 - 1 / classes)))


def share_right(predicted: Integers, label_numbers: Integers, classes: int) -> float:
    """Share of correct predictions, balanced over classes; a class with at most one row counts as wrong."""
    right = np.bincount(label_numbers[predicted == label_numbers], minlength=classes)
    of = np.bincount(label_numbers, minlength=classes)
    # If the only row of a class is left out, the class has no row.
    return float(np.where(of > 1, right / np.maximum(of, 1), 0).sum() / classes)


def _left_out_predictions(units: Floats, label_numbers: Integers) -> list[Integers]:
    """Class of each row by a classifier that has not seen it, for each ridge; all classes have the same total weight."""
    names, numbers, counts = np.unique(label_numbers, return_inverse=True, return_counts=True)
    centred = units.astype(np.float64) - units.mean(axis=0)
    wanted = np.eye(len(names))[numbers]
    # Weighted least squares is ordinary least squares on rows scaled by the root of their weights.
    root = np.sqrt(len(numbers) / len(names) / counts[numbers])[:, None]
    values, vectors = np.linalg.eigh((centred @ centred.T + np.mean(centred**2)) * root * root.T)
    values = np.clip(values, 0, None)
    mean = max(float(values.mean()), 1e-12)
    predicted = []
    for ridge in RIDGES:
        hat = (vectors * (values / (values + ridge * mean))) @ vectors.T
        fitted, own = hat @ (wanted * root), np.clip(np.diag(hat)[:, None], 0, 1 - 1e-9)
        left_out = (fitted - own * wanted * root) / (1 - own)
        predicted.append(names[left_out.argmax(axis=1)])
    return predicted
