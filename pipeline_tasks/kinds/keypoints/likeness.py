"""Likeness of skeletons: object keypoint similarity, as in COCO (cocodataset.org, keypoints evaluation).

COCO compares with a truth and counts the points that are placed in it. Of two people neither is the truth: a point that only one
of them placed has likeness 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from pipeline_tasks.kinds.keypoints.skeleton import Skeleton
from pipeline_tasks.kinds.matching.oks import oks as oks_of_coco

MIN_SIDE_PX = 32.0
"""Smallest side of a thing in the likeness, because points in a line or alone have no area."""
Floats = npt.NDArray[np.float64]
Sigmas = Mapping[str, Mapping[str, float]]
"""Class → point → spread, for all points of all classes."""


def oks(one: Sequence[Skeleton], other: Sequence[Skeleton], sigmas: Sigmas) -> Floats:
    """Likeness of each pair, N x M; 0 for things of different classes, and for those of unknown ones."""
    found = np.zeros((len(one), len(other)))
    for class_name, spreads in sigmas.items():
        mine = [at for at, thing in enumerate(one) if thing.class_name == class_name]
        theirs = [at for at, thing in enumerate(other) if thing.class_name == class_name]
        if mine and theirs:
            found[np.ix_(mine, theirs)] = _of_class([one[at] for at in mine], [other[at] for at in theirs], spreads)
    return found


def oks_to_truth(predicted: Sequence[Skeleton], true: Sequence[Skeleton], spreads: Mapping[str, float]) -> Floats:
    """Likeness of each pair of one class, D x G: the mean over the points that are placed in the truth, as COCO has it.

    A placed point that the prediction lacks has likeness 0. `spreads` has the spread of each point of the class.
    """
    names = {name: at for at, name in enumerate(spreads)}
    (said, is_said), (places, is_placed) = _places(predicted, names), _places(true, names)
    said[~is_said] = np.inf
    return oks_of_coco(said, places, is_placed, areas(true), np.array(list(spreads.values()), np.float64))


def areas(things: Sequence[Skeleton]) -> Floats:
    """Areas of the things' boxes, whose shorter side is at least half of the longer one."""
    sides = np.array([thing.box_px[2:] for thing in things], np.float64).reshape(-1, 2)
    longer = np.maximum(sides.max(axis=1), MIN_SIDE_PX)
    found: Floats = longer * np.maximum(sides.min(axis=1), longer / 2)
    return found


def _of_class(one: Sequence[Skeleton], other: Sequence[Skeleton], spreads: Mapping[str, float]) -> Floats:
    names = {name: at for at, name in enumerate(spreads)}
    (mine, has_mine), (theirs, has_theirs) = _places(one, names), _places(other, names)
    means = (areas(one)[:, None] + areas(other)[None]) / 2
    scale = (2 * np.array(list(spreads.values()))) ** 2
    squares = ((mine[:, None] - theirs[None]) ** 2).sum(axis=-1)
    alike = np.exp(-squares / (2 * means[..., None] * scale)) * (has_mine[:, None] & has_theirs[None])
    placed = (has_mine[:, None] | has_theirs[None]).sum(axis=-1)
    found: Floats = np.divide(alike.sum(axis=-1), placed, out=np.ones(placed.shape), where=placed > 0)
    return found


def _places(things: Sequence[Skeleton], names: Mapping[str, int]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Places (N x points x 2) and presence (N x points)."""
    places, is_placed = np.zeros((len(things), len(names), 2)), np.zeros((len(things), len(names)), bool)
    for row, thing in enumerate(things):
        for point in thing.points:
            if point.name in names:
                places[row, names[point.name]] = point.x_px, point.y_px
                is_placed[row, names[point.name]] = True
    return places, is_placed
