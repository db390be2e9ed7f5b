"""One label from several people's keypoints of an image: skeletons matched by likeness, points and boxes fused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.geometry.boxes import as_rows, from_corners, ious, to_corners
from pipeline_tasks.geometry.orientation import DECIMALS
from pipeline_tasks.geometry.robust_means import robust_means
from pipeline_tasks.kinds.joining import joined, paired
from pipeline_tasks.kinds.keypoints.likeness import Floats, Sigmas, areas, oks
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.labeling import Agreed

SAME = 0.5
"""Least likeness (OKS) of two skeletons of one thing."""
SAME_IOU = 0.5
"""Least overlap of the boxes of two things at one place."""


def agree(annotations: Sequence[Sequence[Skeleton]], sigmas: Sigmas, *, is_one: bool) -> Agreed[Skeleton]:
    """Label from the things of several people.

    A thing is kept if at least half of the people marked it, because a thing is missed more often than invented; a second thing of
    the same people at the same place is not. The label is `unsure` if half of the people marked one thing and others a different
    one at its place, or if people's mean likeness with what was kept is at most a half. With one thing of a class an image, people
    mean the same one wherever it is.
    """
    people = len(annotations)
    if not people:
        return Agreed("unsure", 0, 0.0)
    things = (
        _of_classes(annotations)
        if is_one
        else joined(annotations, lambda one, other: oks(one, other, sigmas), order_of, least=SAME)
    )
    kept, is_tie = _kept(things, people, sigmas)
    label = tuple(one.fused for one in kept)
    ratio = math.fsum(annotations_alike(objects, label, sigmas) for objects in annotations) / people
    if is_tie or (people > 1 and ratio <= SAME):
        return Agreed("unsure", people, ratio)
    return Agreed("labelled" if label else "empty", people, ratio, label)


@dataclass(frozen=True)
class _Marked:
    """A thing that at least half of the people marked."""

    people: frozenset[int]
    fused: Skeleton


def _kept(things: Sequence[Mapping[int, Skeleton]], people: int, sigmas: Sigmas) -> tuple[list[_Marked], bool]:
    """Things that are kept, and True if half of the people stand against others at one place."""
    marked = [_Marked(frozenset(thing), _fused(list(thing.values()), sigmas)) for thing in things if 2 * len(thing) >= people]
    boxes = as_rows([one.fused.box_px for one in marked])
    dropped: set[int] = set()
    is_tie = False
    for number, one in enumerate(marked):
        if 2 * len(one.people) > people:
            continue
        near = set(np.flatnonzero(ious(boxes[number : number + 1], boxes)[0] >= SAME_IOU).tolist()) - {number} - dropped
        rivals = [marked[at] for at in near]
        is_tie = is_tie or any(not other.people & one.people for other in rivals)
        if any(other.people & one.people and other.fused.class_name == one.fused.class_name for other in rivals):
            dropped.add(number)
    return [one for number, one in enumerate(marked) if number not in dropped], is_tie


def annotations_alike(one: Sequence[Skeleton], other: Sequence[Skeleton], sigmas: Sigmas) -> float:
    """Likeness of two annotations: OKS of their paired things, a thing without partner counting as 0; 1 for two without things."""
    if not one and not other:
        return 1.0

    def oks_of(mine: Sequence[Skeleton], theirs: Sequence[Skeleton]) -> Floats:
        return oks(mine, theirs, sigmas)

    pairs = paired(one, other, oks_of, order_of, least=1e-9)
    alike = math.fsum(float(oks_of([mine], [theirs])[0, 0]) for mine, theirs in pairs)
    return alike / (len(one) + len(other) - len(pairs))


def order_of(one: Skeleton) -> tuple[object, ...]:
    """Sort key of a thing by all that it is, from the top of the image."""
    return (
        one.box_px[1],
        one.box_px[0],
        one.class_name,
        *((point.name, point.x_px, point.y_px, point.is_visible) for point in one.points),
    )


def _of_classes(annotations: Sequence[Sequence[Skeleton]]) -> list[Mapping[int, Skeleton]]:
    """Person → thing, for each class."""
    classes = sorted({one.class_name for objects in annotations for one in objects})
    return [
        {person: one for person, objects in enumerate(annotations) for one in objects if one.class_name == name} for name in classes
    ]


def _fused(things: Sequence[Skeleton], sigmas: Sigmas) -> Skeleton:
    """One thing as several people marked it: each point that at least half of them placed, at the robust mean of its places."""
    if len(things) == 1:
        return things[0]
    class_name, side_px = things[0].class_name, math.sqrt(float(np.median(areas(things))))
    placed: dict[str, list[Point]] = {}
    for point in (point for thing in things for point in thing.points):
        placed.setdefault(point.name, []).append(point)
    points = [_point(placed[name], side_px) for name in sigmas.get(class_name, ()) if 2 * len(placed.get(name, ())) >= len(things)]
    boxes = [thing.box_px for thing in things if thing.x_min_px is not None]
    return Skeleton(class_name, tuple(points), *(_box(boxes, side_px) if boxes else ()))


def _point(places: Sequence[Point], side_px: float) -> Point:
    """A point at the robust mean of its places; visible if at least half of the people say so."""
    means = robust_means(np.array([(one.x_px, one.y_px) for one in places]), np.full(2, side_px))
    x, y = (round(float(px), DECIMALS) for px in means)
    return Point(places[0].name, x, y, is_visible=2 * sum(one.is_visible for one in places) >= len(places))


def _box(boxes: Sequence[tuple[float, float, float, float]], side_px: float) -> tuple[float, ...]:
    """The robust means of the boxes' edges, as x, y, width and height."""
    edges = robust_means(to_corners(np.array(boxes)), np.full(4, side_px))
    return tuple(round(float(px), DECIMALS) for px in from_corners(edges[None])[0])
