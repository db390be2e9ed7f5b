"""Selection of the images most worth labeling, with a reason for each.

`choose` is the entry point: it checks its arguments, converts `objectives` into weights, and picks greedily.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.clips import ClipLimits
from pipeline_tasks.selection.distance import Distance
from pipeline_tasks.selection.greedy import pick_greedily
from pipeline_tasks.selection.pool import Label, Metadata, Pool, check_pool
from pipeline_tasks.selection.reasons import reason_of
from pipeline_tasks.selection.turns import make_objectives, turns_of
from pipeline_tasks.selection.wishes import Wishes


@dataclass(frozen=True)
class Selection:
    """Picks in order, with their scores and reasons."""

    picks: Integers
    """Row numbers, best first; at most `budget`, fewer if the pool is smaller."""
    scores: dict[str, npt.NDArray[np.float64]]
    """Objective → its score of each pick at the time of picking, from 0 to 1."""
    strategy: tuple[str, ...]
    """The dominant objective of each pick."""
    reasons: tuple[str, ...]
    """One sentence for each pick."""


def choose(
    embeddings: npt.ArrayLike,
    *,
    budget: int,
    seed: int,
    labelled: Sequence[int] | npt.NDArray[np.int64] = (),
    labels: Sequence[Label] = (),
    beliefs: npt.ArrayLike | None = None,
    metadata: Sequence[Metadata] | None = None,
    objectives: str | Mapping[str, float] = "auto",
    vocabulary: Sequence[str] = (),
    min_distance: float = 0.0,
    wishes: Wishes | None = None,
) -> Selection:
    """Pick up to `budget` rows of `embeddings` (float32, N x D) that labels do not cover well yet.

    `labelled` are row numbers that are never picked; `labels` are their classes (column numbers, or names, whose column order is
    `vocabulary`; None: selected but not labelled yet), or are left out. `beliefs` (N x C) say how strongly a model expects each
    name. `metadata` (N mappings) are the values that `wishes` refer to: device, site, clip, `seen_s` (seconds on any clock) or your
    own keys. `wishes` hold further arguments of single objectives and limits.
    `objectives`: "auto" (alternates between representative and rare images; if cross-validation on the labels shows that the model
    can be trusted, also images that it is unsure of or rarely predicts), one name, name → weight, or `module:function` for your
    own. No pick is nearer than `min_distance` (Euclidean, between rows scaled to length 1) to a labelled row or an earlier pick.
    The same arguments give the same picks; the seed matters to `random` only. An empty pool or a budget of 0 gives an empty
    selection; a budget above the pool gives all of it.

    Raises:
        SettingsError: NaN or infinite embeddings or beliefs, shapes that do not match, a negative budget or minimum distance,
            rows outside the pool, an unknown objective, a weight that is not above 0, an objective that needs beliefs
            without any, or an own function that is missing or does not return N finite scores.
    """
    pool = check_pool(embeddings, budget, seed, labelled, labels, beliefs, metadata, vocabulary, wishes)
    turns = turns_of(objectives, pool)
    names = list(dict.fromkeys(name for weights in turns for name in weights))
    if not min_distance >= 0:
        raise SettingsError(f"min_distance: wanted 0 or more, found {min_distance}")
    is_free = np.ones(len(pool.units), np.bool_)
    is_free[pool.labelled] = False
    if pool.budget == 0 or not is_free.any():
        return Selection(np.empty(0, np.int64), {name: np.empty(0) for name in names}, (), ())
    made = make_objectives(names, pool)
    picked = pick_greedily(made, turns, is_free, pool.budget, _limits(pool, min_distance))
    shares = [
        {name: weight * float(picked.scores[name][number]) for name, weight in turns[turn].items()}
        for number, turn in enumerate(picked.turns)
    ]
    return Selection(
        picks=picked.rows,
        scores=picked.scores,
        strategy=tuple(max(share, key=lambda name: share[name]) for share in shares),
        reasons=tuple(reason_of(int(pick), share, made) for pick, share in zip(picked.rows, shares, strict=True)),
    )


def _limits(pool: Pool, min_distance: float) -> Callable[[int], bool]:
    """Limits that hold for all objectives; a row that passes counts as picked."""
    clips, distance = (
        ClipLimits(pool.metadata, pool.labelled.tolist(), pool.wishes),
        Distance(pool.units, pool.labelled, min_distance),
    )

    def may_pick(row: int) -> bool:
        if not clips.has_room(row) or not distance.is_kept(row):
            return False
        clips.add(row)
        return True

    return may_pick
