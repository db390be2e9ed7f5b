"""Objects of the kind `keypoints`: the named points of one thing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HIDDEN, VISIBLE = 1, 2
"""Flags of a placed point in tables, as in COCO; 0 for a point that is not placed."""


@dataclass(frozen=True)
class Point:
    """One placed point in canonical (oriented) pixels."""

    name: str
    x_px: float
    y_px: float
    is_visible: bool = True
    """False for a point that is hidden by something, placed where it must be; of a model, for one that is probably not there."""
    confidence: float | None = None
    """A model's score of the point being there; None for a person's."""


@dataclass(frozen=True)
class Skeleton:
    """The placed points of one thing, in the order of its class's points."""

    class_name: str
    points: tuple[Point, ...]
    x_min_px: float | None = None
    """The box that a person drew around the thing; None, as are the other sides, without one."""
    y_min_px: float | None = None
    width_px: float | None = None
    height_px: float | None = None
    confidence: float | None = None
    """A model's; None for a person's."""

    @property
    def box_px(self) -> tuple[float, float, float, float]:
        """The drawn box (x, y, width, height), or else the smallest one around the points."""
        if self.x_min_px is not None:
            return self.x_min_px, self.y_min_px or 0.0, self.width_px or 0.0, self.height_px or 0.0
        across, down = [one.x_px for one in self.points], [one.y_px for one in self.points]
        if not across:
            return 0.0, 0.0, 0.0, 0.0
        return min(across), min(down), max(across) - min(across), max(down) - min(down)


def points_as_columns(points: Sequence[Point]) -> tuple[list[float], str]:
    """Columns `points_px` (x, y, flag of each point) and `text` (JSON of their names, so that a changed skeleton misreads none)."""
    numbers = [one for point in points for one in (point.x_px, point.y_px, float(VISIBLE if point.is_visible else HIDDEN))]
    return numbers, json.dumps([one.name for one in points], ensure_ascii=False)


def points_of_columns(points_px: Sequence[float] | None, names: str | None) -> tuple[Point, ...]:
    """Points from the columns `points_px` and `text`."""
    numbers = list(points_px or ())
    triples = zip(json.loads(names or "[]"), numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return tuple(Point(str(name), x, y, flag >= VISIBLE) for name, x, y, flag in triples if flag)


def in_order(points: Mapping[str, Point], names: Sequence[str]) -> tuple[Point, ...]:
    """Points by name, in the order of the class's points; others are left out."""
    return tuple(points[name] for name in names if name in points)
