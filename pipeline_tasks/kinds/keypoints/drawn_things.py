"""Things of labels and predictions of test images, compared for people and drawn as points with lines between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipeline_tasks.geometry.boxes import as_rows, ious
from pipeline_tasks.kinds.compared_objects import Compared, Drawn, compared
from pipeline_tasks.kinds.keypoints.labeling import KeypointLabeling
from pipeline_tasks.kinds.keypoints.likeness import Floats, Sigmas, areas, oks_to_truth
from pipeline_tasks.kinds.keypoints.placed_rows import things_of_rows, true_things
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton

_POINT = 1 / 120
"""Half the size of a drawn point, as a share of the image's longer side."""

Edges = Mapping[str, Sequence[Sequence[str]]]
"""Class → pairs of points that are drawn as lines."""


def compared_images(images: pl.DataFrame, predictions: pl.DataFrame, labeling: KeypointLabeling, edges: Edges) -> list[Compared]:
    """Images of a version with one model's things, in the order of their ids."""
    rows = images.sort("image_id")
    said = things_of_rows(predictions, labeling)
    found = []
    sizes = rows.select("image_id", "width_px", "height_px").iter_rows()
    for (image_id, width, height), true in zip(sizes, true_things(rows, labeling), strict=True):
        mine = sorted(said.get(image_id, ()), key=lambda one: -(one.confidence or 0.0))
        theirs, ours = (
            [_drawn(one, edges.get(one.class_name, ()), max(width, height)) for one in things] for things in (true, mine)
        )
        likeness = _likeness(mine, true, labeling.sigmas)
        found.append(compared(image_id, (float(width), float(height)), theirs, ours, likeness, likeness_word="OKS"))
    return found


def _likeness(predicted: Sequence[Skeleton], true: Sequence[Skeleton], sigmas: Sigmas) -> Floats:
    """OKS of things of one class, and the overlap of the boxes of things of two classes, which have different points."""
    boxes = [as_rows([one.box_px for one in things]) for things in (predicted, true)]
    found = ious(*boxes)
    for name in {one.class_name for one in (*predicted, *true)}:
        mine, theirs = ([at for at, one in enumerate(things) if one.class_name == name] for things in (predicted, true))
        alike = oks_to_truth([predicted[at] for at in mine], [true[at] for at in theirs], sigmas.get(name, {}))
        found[np.ix_(mine, theirs)] = alike
    return found


def _drawn(one: Skeleton, edges: Sequence[Sequence[str]], longer_px: int) -> Drawn:
    """A person's points; of a model's those that are probably there."""
    shown = {point.name: point for point in one.points if one.confidence is None or point.is_visible}
    size = longer_px * _POINT
    points = [
        (point.x_px - size, point.y_px, point.x_px, point.y_px - size, point.x_px + size, point.y_px, point.x_px, point.y_px + size)
        for point in shown.values()
    ]
    ends = [[shown[name] for name in pair] for pair in edges if all(name in shown for name in pair)]
    lines = [tuple(px for point in pair for px in (point.x_px, point.y_px)) for pair in ends]
    names = (*(point.name for point in shown.values()), *(" to ".join(point.name for point in pair) for pair in ends))
    return Drawn(one.class_name, one.confidence, (*points, *lines), float(areas([one])[0]), outline_names=names)
