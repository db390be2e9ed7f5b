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
from pipeline_tasks.selection.clips import ClipLimits, clip_of
from pipeline_tasks.selection.distance import Distance
from pipeline_tasks.selection.greedy import Picked, pick_greedily
from pipeline_tasks.selection.objective import Objective
from pipeline_tasks.selection.pool import Label, Metadata, Pool, check_pool
from pipeline_tasks.selection.reasons import reason_of
from pipeline_tasks.selection.strategies.random_draw import RANDOM
from pipeline_tasks.selection.strategies.strategy import Turns
from pipeline_tasks.selection.turns import make_objectives, turns_of
from pipeline_tasks.selection.whole_clips import OfUnits, fitting, units_of
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
    own keys. `wishes` hold further arguments of single objectives and limits; with `whole_clips` a clip's rows follow each other
    in the picks, and a clip that is larger than what is left of the budget is passed over.
    `objectives`: "auto" (alternates between representative and rare images; if cross-validation on the labels shows that the model
    can be trusted, also images that it is unsure of or rarely predicts), one name, name → weight, or `module:function` for your
    own. No pick is nearer than `min_distance` (Euclidean, between rows scaled to length 1) to a labelled row or an earlier pick.
    The same arguments give the same picks; the seed matters to `random` only. An empty pool or a budget of 0 gives an empty
    selection; a budget above the pool gives all of it.

    Raises:
        SettingsError: NaN or infinite embeddings or beliefs, shapes that do not match, a negative budget or minimum distance,
            rows outside the pool, an unknown objective, a weight that is not above 0, an objective that needs beliefs
            without any, an own function that is missing or does not return N finite scores, or a minimum distance or a
            limit a clip beside whole clips.
    """
    pool = check_pool(embeddings, budget, seed, labelled, labels, beliefs, metadata, vocabulary, wishes)
    turns = turns_of(objectives, pool)
    names = list(dict.fromkeys(name for weights in turns for name in weights))
    if not min_distance >= 0:
        raise SettingsError(f"min_distance: wanted 0 or more, found {min_distance}")
    if pool.wishes.whole_clips and min_distance > 0:
        raise SettingsError("whole_clips: wanted no min_distance beside it: frames of a clip are near each other")
    is_free = np.ones(len(pool.units), np.bool_)
    is_free[pool.labelled] = False
    if pool.budget == 0 or not is_free.any():
        return Selection(np.empty(0, np.int64), {name: np.empty(0) for name in names}, (), ())
    made = make_objectives(names, pool)
    if pool.wishes.whole_clips:
        return _whole(pool, made, turns, is_free)
    return _selection(pick_greedily(made, turns, is_free, pool.budget, _limits(pool, min_distance)), made, turns)


def _selection(picked: Picked, made: Mapping[str, Objective], turns: Turns) -> Selection:
    """Picks with what they are good for."""
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


def _whole(pool: Pool, made: Mapping[str, Objective], turns: Turns, is_free: npt.NDArray[np.bool_]) -> Selection:
    """Pick clips, and rows of no clip, instead of rows."""
    metadata = pool.metadata or ()
    units = units_of(metadata, np.flatnonzero(is_free).tolist())
    is_first = np.zeros(len(is_free), np.bool_)
    is_first[list(units)] = True
    by_chance = {first: rows[:1] for first, rows in units.items()}
    of_units = {name: OfUnits(one, by_chance if name == RANDOM.name else units) for name, one in made.items()}
    picked = pick_greedily(of_units, turns, is_first, pool.budget, fitting(units, pool.budget))
    found = _selection(picked, of_units, turns)
    rows = [units[row] for row in found.picks.tolist()]
    repeated = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    clips = [clip_of(metadata[row]) for row in found.picks.tolist()]
    reasons = [
        reason if clip is None else f"clip {clip}, whole ({len(one)} images): {reason}"
        for clip, one, reason in zip(clips, rows, found.reasons, strict=True)
    ]
    return Selection(
        picks=np.concatenate([np.empty(0, np.int64), *rows]),
        scores={name: values[repeated] for name, values in found.scores.items()},
        strategy=tuple(found.strategy[number] for number in repeated),
        reasons=tuple(reasons[number] for number in repeated),
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
