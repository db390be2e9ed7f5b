"""Beliefs about each row by heads that have not seen its group: softmax regressions on folds, each on other random weights.

The weights are exponential, one a group (the Bayesian bootstrap: Rubin 1981), so that the mean over heads is calmer than one head.
All heads are fitted together by accelerated gradient descent (Nesterov 1983), which is two matrix products an iteration.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.neighbors.cosine import Floats, Integers

FOLDS = 5
REPEATS = 4
MOST_COLUMNS = 4000
"""Heads times classes that are fitted together; with very many classes the folds are repeated less often."""
MOST_TRAIN_ROWS = 20_000
"""Rows that heads learn from, drawn at random; the heads believe something about all rows."""
ITERATIONS = 40
RIDGE = 1e-3
"""Weight of the squared coefficients beside the mean loss, for features of mean length 1."""
PREDICT_ROWS = 4096


def out_of_fold(features: Floats, numbers: Integers, groups: Integers, classes: int, seed: int) -> Floats:
    """Mean beliefs, N x classes, of heads that no row of the same group was shown to.

    `numbers` are the rows' classes, `groups` numbers from 0; a group is in one fold.
    A class weighs by the root of how rare it is.
    """
    generator = np.random.default_rng(seed)
    repeats = max(1, min(REPEATS, MOST_COLUMNS // (FOLDS * classes)))
    held_out, weights = _folds(int(groups.max()) + 1, repeats, generator)
    rows = np.sort(generator.permutation(len(features))[:MOST_TRAIN_ROWS])
    train = _with_constant(features[rows])
    rarity = np.sqrt(1 / np.maximum(np.bincount(numbers[rows], minlength=classes), 1))
    row_weights = weights[groups[rows]] * rarity[numbers[rows], None]
    row_weights /= np.maximum(row_weights.sum(axis=0), 1e-12)
    coefficients = _fit(train, np.eye(classes, dtype=np.float32)[numbers[rows]], row_weights.astype(np.float32))
    beliefs = np.empty((len(features), classes), np.float32)
    for first in range(0, len(features), PREDICT_ROWS):
        block = slice(first, first + PREDICT_ROWS)
        own = _softmax(_logits(_with_constant(features[block]), coefficients, len(held_out[0])))
        shares = held_out[groups[block]]
        beliefs[block] = (own * shares[:, :, None]).sum(axis=1) / repeats
    return beliefs


def _folds(groups: int, repeats: int, generator: np.random.Generator) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Heads that hold out each group, groups x heads, and the group's weight for each head, 0 where it is held out."""
    fold_of = np.stack([generator.permutation(groups) % FOLDS for _ in range(repeats)], axis=1)
    held_out = (fold_of[:, :, None] == np.arange(FOLDS)).reshape(groups, repeats * FOLDS)
    weights = np.where(held_out, 0, generator.exponential(size=held_out.shape)).astype(np.float32)
    return held_out, weights


def _fit(rows: Floats, wanted: Floats, weights: Floats) -> Floats:
    """Coefficients of all heads, (D + 1) x (heads x classes)."""
    heads, classes = weights.shape[1], wanted.shape[1]
    largest = float(np.linalg.eigvalsh((rows * weights.max(axis=1)[:, None]).T @ rows)[-1])
    # Half the largest second moment bounds the curvature of a softmax regression's loss (Boehning 1992).
    step = 1 / (largest / 2 + RIDGE)
    ahead = standing = np.zeros((rows.shape[1], heads * classes), np.float32)
    momentum = 1.0
    for _ in range(ITERATIONS):
        surplus = (_softmax(_logits(rows, ahead, heads)) - wanted[:, None, :]) * weights[:, :, None]
        penalty = RIDGE * ahead
        penalty[-1] = 0
        moved = ahead - np.float32(step) * (rows.T @ surplus.reshape(len(rows), -1) + penalty)
        following = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = moved + np.float32((momentum - 1) / following) * (moved - standing)
        standing, momentum = moved, following
    return standing


def _logits(rows: Floats, coefficients: Floats, heads: int) -> Floats:
    logits: Floats = (rows @ coefficients).reshape(len(rows), heads, -1)
    return logits


def _softmax(logits: Floats) -> Floats:
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = exponents / exponents.sum(axis=-1, keepdims=True)
    return shares


def _with_constant(features: Floats) -> Floats:
    return np.hstack([features, np.ones((len(features), 1), np.float32)])
