"""Random things with named points."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton

SIZE = (641, 479)
POINTS = {"gripper": ["base", "left tip", "правый <конец>"], "part": ["hole"]}


def some_things(count: int, seed: int, *, has_boxes: bool, size: tuple[int, int] = SIZE) -> tuple[Skeleton, ...]:
    """Things of both classes with some of their points."""
    drawn = np.random.default_rng(seed)
    found = []
    for number in range(count):
        name = list(POINTS)[number % 2]
        low, high = np.sort(np.round(drawn.random((2, 2)) * np.array(size), 6), axis=0)
        places = np.round(low + drawn.random((len(POINTS[name]), 2)) * (high - low), 6)
        points = tuple(
            Point(point, *place, is_visible=bool(drawn.random() < 0.7))
            for point, place in zip(POINTS[name], places.tolist(), strict=True)
            if drawn.random() < 0.8
        )
        points = points or (Point(POINTS[name][0], *places[0].tolist()),)
        box = (*low.tolist(), *np.round(high - low, 6).tolist()) if has_boxes else ()
        found.append(Skeleton(name, points, *box))
    return tuple(found)
