"""Gold: images whose label is certain, shown again to measure people."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.label_quality.votes import Booleans, Floats, Integers

SURE_QUALITY = 0.98
"""Belief in a label, model and people together, from which it may judge people."""


def may_be_gold(
    votes: Integers,
    agreement: Floats,
    *,
    quality: Floats | None = None,
    is_starred: Booleans | None = None,
    is_golden: Booleans | None = None,
) -> Booleans:
    """Images that may serve as gold: starred by a reviewer, in the project's golden set, or agreed by all of at least two people.

    Where the model's view is known (`quality`, NaN where it is not), it must agree with these people, too.
    """
    is_agreed = (votes >= 2) & (agreement >= 1)
    if quality is not None:
        is_agreed &= np.nan_to_num(quality, nan=0.0) >= SURE_QUALITY
    for named in (is_starred, is_golden):
        is_agreed = is_agreed if named is None else is_agreed | named
    return is_agreed


def draw_gold(may_be: Booleans, names: Integers, *, ratio: float, round_size: int, seed: int) -> Integers:
    """Rows of `round(ratio * round_size)` gold images, names in turn, so that rare ones are there; fewer if there are no more."""
    rows = np.flatnonzero(may_be)
    shuffled = np.random.default_rng(seed).permutation(rows)
    turn = np.zeros(len(shuffled), np.int64)
    for name in np.unique(names[shuffled]):
        of_name = names[shuffled] == name
        turn[of_name] = np.arange(int(of_name.sum()))
    return shuffled[np.argsort(turn, kind="stable")][: round(ratio * round_size)].astype(np.int64)


def gold_beliefs(is_right: Booleans, name_count: int) -> Floats:
    """Belief in the name that somebody gave a gold image, whose label is certain but for `SURE_QUALITY`."""
    beliefs: Floats = np.where(is_right, SURE_QUALITY, (1 - SURE_QUALITY) / max(name_count - 1, 1))
    return beliefs
