"""Parts of a view that shows several images: which objects of each are still seen, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.map_heads.assignment import MIN_SIDE_PX, MIN_VISIBLE_RATIO
from pipeline_tasks.kinds.map_modelling import Part, Window

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class SeenPart:
    """A part with what lies over it."""

    objects: Any
    placement: Placement
    window: Window
    holes: tuple[Window, ...]
    """Windows of other parts that lie over it; they do not overlap each other."""

    def seen(self, corners: Doubles) -> tuple[Floats, NDArray[np.bool_]]:
        """Boxes (N x 4, canonical pixels) in the square, cut at the window and the holes, and those of which enough is seen."""
        placed = self.placement.boxes(corners)
        cut = np.clip(placed, self.window[:2] * 2, self.window[2:] * 2)
        visible = _areas(cut) - sum((_areas(_cut_to(cut, hole)) for hole in self.holes), np.zeros(len(cut)))
        for hole in self.holes:
            cut = _uncovered(cut, hole)
        sides = (cut[:, 2:] - cut[:, :2]).min(axis=1, initial=np.inf)
        is_seen = (sides >= MIN_SIDE_PX) & (visible >= MIN_VISIBLE_RATIO * _areas(placed)) & (visible > 0)
        return cut.astype(np.float32), is_seen

    def shows(self, points: Doubles) -> NDArray[np.bool_]:
        """Return True for points of the square (... x 2) that this part shows."""
        found = _inside(points, self.window)
        for hole in self.holes:
            found = np.logical_and(found, ~_inside(points, hole))
        return found


def seen_parts(parts: Sequence[Part]) -> list[SeenPart]:
    """The parts, each with the windows of later ones over its own."""
    return [
        SeenPart(one.objects, one.placement, one.window, tuple(over.window for over in parts[at + 1 :] if _meet(one, over)))
        for at, one in enumerate(parts)
    ]


def _meet(one: Part, other: Part) -> bool:
    left, top, right, bottom = one.window
    return other.window[0] < right and other.window[2] > left and other.window[1] < bottom and other.window[3] > top


def _cut_to(boxes: Doubles, window: Window) -> Doubles:
    found: Doubles = np.clip(boxes, window[:2] * 2, window[2:] * 2)
    return found


def _areas(boxes: Doubles) -> Doubles:
    found: Doubles = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return found


def _uncovered(boxes: Doubles, hole: Window) -> Doubles:
    """The smallest boxes around what is seen beside the hole: they shrink only where it covers a whole side."""
    found = boxes.copy()
    for low, high, across in ((0, 2, (1, 3)), (1, 3, (0, 2))):
        is_across = (hole[across[0]] <= boxes[:, across[0]]) & (hole[across[1]] >= boxes[:, across[1]])
        is_low = is_across & (hole[low] <= boxes[:, low]) & (hole[high] > boxes[:, low])
        is_high = is_across & (hole[high] >= boxes[:, high]) & (hole[low] < boxes[:, high])
        found[is_low, low] = np.minimum(hole[high], boxes[is_low, high])
        found[is_high, high] = np.maximum(hole[low], boxes[is_high, low])
    return found


def _inside(points: Doubles, window: Window) -> NDArray[np.bool_]:
    is_inside = np.logical_and(points >= window[:2], points <= window[2:])
    return np.asarray(is_inside.all(axis=-1), np.bool_)
