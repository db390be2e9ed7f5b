"""Masks of the objects of one image as a head is trained on them, placed in the square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.run_lengths import Size, box_of
from pipeline_tasks.kinds.map_heads.assignment import NOTHING, owners, seen
from pipeline_tasks.kinds.map_heads.parts import seen_parts
from pipeline_tasks.kinds.map_modelling import Part, Shapes
from pipeline_tasks.kinds.masks.covers import WHOLE, Grid, ImageMasks, covers

NUMBERS = 6
"""Numbers of a place's target: class number, corners of the box in pixels of the square, number of the object in its view."""
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ImageInstances:
    """Objects of one image in canonical pixels."""

    size_px: Size
    class_numbers: NDArray[np.int64]
    rles: tuple[str, ...]

    @property
    def corners(self) -> NDArray[np.float64]:
        """The smallest box around each: N x 4, x_min, y_min, x_max, y_max."""
        boxes = np.array([box_of(rle, self.size_px) for rle in self.rles], np.float64).reshape(-1, 4)
        return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def grid_of(shapes: Shapes) -> Grid:
    """Cells of the masks: half of the finest stride."""
    finest = shapes[0]
    return Grid((2 * finest.width, 2 * finest.height), finest.stride / 2)


def targets_of(objects: ImageInstances, placement: Placement, shapes: Shapes) -> Floats:
    """One row: `NUMBERS` of each place, then for each cell the number of the object that covers at least half of it, or -1.

    A cell that several cover belongs to the one that covers most of it.
    """
    cut, is_seen = seen(objects.corners, placement)
    places = _places(cut[is_seen], objects.class_numbers[is_seen], shapes)
    return np.concatenate([places.ravel(), _cells(objects, np.flatnonzero(is_seen).tolist(), placement, shapes).ravel()])


def composed_targets(parts: Sequence[Part], shapes: Shapes) -> Floats:
    """The same of the objects of all parts, numbered through, each cell of the part that is shown there."""
    across, down = grid_of(shapes).cells
    cells, cell_px = np.full((down, across), NOTHING, np.float32), shapes[0].stride // 2
    boxes, classes, count = [], [], 0
    for part in seen_parts(parts):
        cut, is_seen = part.seen(part.objects.corners)
        numbers = np.flatnonzero(is_seen).tolist()
        own = _cells(part.objects, numbers, part.placement, shapes)
        left, top, right, bottom = (edge // cell_px for edge in part.window)
        cells[top:bottom, left:right] = np.where(own == NOTHING, NOTHING, own + count)[top:bottom, left:right]
        boxes.append(cut[is_seen])
        classes.append(part.objects.class_numbers[is_seen])
        count += len(numbers)
    return np.concatenate([_places(np.concatenate(boxes), np.concatenate(classes), shapes).ravel(), cells.ravel()])


def _places(boxes: Floats, classes: NDArray[np.int64], shapes: Shapes) -> Floats:
    """`NUMBERS` of each place."""
    owner = owners(boxes, shapes)
    places = np.full((len(owner), NUMBERS), NOTHING, np.float32)
    is_owned = owner >= 0
    places[is_owned] = np.concatenate([classes[:, None], boxes, np.arange(len(boxes))[:, None]], axis=1)[owner[is_owned]]
    return places


def _cells(objects: ImageInstances, numbers: Sequence[int], placement: Placement, shapes: Shapes) -> Floats:
    masks = ImageMasks(objects.size_px, {at: objects.rles[number] for at, number in enumerate(numbers)})
    planes = covers(masks, placement, grid_of(shapes), len(numbers))[1:]
    if not len(planes):
        across, down = grid_of(shapes).cells
        return np.full((down, across), NOTHING, np.float32)
    found: Floats = np.where(2 * planes.max(axis=0).astype(np.int64) >= WHOLE, planes.argmax(axis=0), NOTHING).astype(np.float32)
    return found
