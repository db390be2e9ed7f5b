"""Images that get one more vote, because the consensus about them is weak."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.label_quality.votes import Booleans, Floats, Integers

ENOUGH_QUALITY = 0.9
"""Consensus quality from which one more vote seldom changes a label."""
SMALL_MARGIN = 0.2
"""Difference of a model's two largest beliefs below which it does not know the image."""
MOST_VOTES = 5


def wants_another_vote(
    quality: Floats,
    votes: Integers,
    *,
    budget: int,
    margin: Floats | None = None,
    has_doubtful_person: Booleans | None = None,
    enough_quality: float = ENOUGH_QUALITY,
    most_votes: int = MOST_VOTES,
) -> Integers:
    """Rows of at most `budget` images to ask one more person about, the weakest consensus first.

    `quality` is the belief in each image's label, NaN where it is not known, which is no reason; `margin` the difference of the
    model's two largest beliefs, NaN without a model. An image of one vote is asked about also for a small margin, and one whose
    only votes are of paused people in any case, before all others. No image is asked about that has `most_votes`.
    """
    is_weak = np.nan_to_num(quality, nan=1.0) < enough_quality
    if margin is not None:
        is_weak |= (votes <= 1) & (np.nan_to_num(margin, nan=1.0) < SMALL_MARGIN)
    doubtful = np.zeros(len(quality), bool) if has_doubtful_person is None else has_doubtful_person
    wanted = (is_weak | doubtful) & (votes < most_votes)
    order = np.lexsort((np.arange(len(quality)), np.nan_to_num(quality, nan=1.0), ~doubtful))
    rows: Integers = order[wanted[order]][: max(budget, 0)].astype(np.int64)
    return rows
