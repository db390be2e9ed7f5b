"""Predicted boxes with the true ones: one model, one match of each image, by the overlap of boxes of the same class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.geometry.boxes import Floats, areas, as_rows, ious
from pipeline_tasks.kinds.matching.object_matches import ImageObjects, match_objects
from pipeline_tasks.kinds.object_scoring import MatchedObjects
from pipeline_tasks.kinds.scoring import Integers, group_numbers

SIDES = ("x_min_px", "y_min_px", "width_px", "height_px")
MOST = 100
"""Boxes of a class in an image that count, the surest first, as in COCO's evaluation."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of many images, ordered by image."""

    images: Integers
    classes: Integers
    boxes: Floats
    """N x 4: x, y, width, height in canonical pixels."""
    confidences: Floats


@dataclass(frozen=True)
class BoxMatches(MatchedObjects):
    """Matches, with the true boxes that a trivial baseline is made of."""

    truth: Boxes
    sizes_px: Floats
    """Width and height of each image."""


def match(predictions: pl.DataFrame, images: pl.DataFrame) -> BoxMatches:
    """Compare one model's boxes with the truth; an image without a row was predicted to be empty."""
    truth = true_objects(images)
    names = tuple(sorted({*truth["class_name"].to_list(), *predictions["class_name"].to_list()}))
    return matched(
        names,
        _boxes(truth.with_columns(confidence=pl.lit(1.0)), images["image_id"], names),
        _boxes(predictions, images["image_id"], names),
        group_numbers(images),
        images.select("width_px", "height_px").to_numpy().astype(np.float64),
    )


def true_objects(images: pl.DataFrame) -> pl.DataFrame:
    """Objects of the labels of a version's rows, one a row, with their image."""
    held = images.select("image_id", "objects").explode("objects").drop_nulls("objects")
    return held.unnest("objects") if held.height else held.select("image_id", *(pl.lit(None).alias(one) for one in COLUMNS))


COLUMNS = ("object_index", "class_name", *SIDES)


def matched(names: Sequence[str], truth: Boxes, predicted: Boxes, groups: Integers, sizes_px: Floats) -> BoxMatches:
    """Match the boxes of each class in each image."""
    return BoxMatches(tuple(names), match_objects(_pairs(truth, predicted), MOST), groups, MOST, truth, sizes_px)


def mean_boxes(candidate: BoxMatches) -> BoxMatches:
    """Matches of a baseline that draws each class's mean box into every image, as sure as the class is frequent."""
    truth = candidate.truth
    shares = truth.boxes / np.tile(candidate.sizes_px[truth.images], (1, 2))
    present = np.unique(truth.classes)
    means = np.stack([shares[truth.classes == one].mean(axis=0) for one in present]) if present.size else as_rows([])
    frequent = [len(np.unique(truth.images[truth.classes == one])) / candidate.images for one in present]
    said = Boxes(
        np.repeat(np.arange(candidate.images), len(present)),
        np.tile(present, candidate.images),
        (means[None] * np.tile(candidate.sizes_px, (1, 2))[:, None]).reshape(-1, 4),
        np.tile(np.array(frequent, np.float64), candidate.images),
    )
    return matched(candidate.class_names, truth, said, candidate.groups, candidate.sizes_px)


def _boxes(rows: pl.DataFrame, image_ids: pl.Series, names: Sequence[str]) -> Boxes:
    numbers = pl.DataFrame({"image_id": image_ids, "image": np.arange(len(image_ids))})
    known = rows.join(numbers, on="image_id").sort("image", "object_index")
    index = {name: number for number, name in enumerate(names)}
    return Boxes(
        known["image"].to_numpy().astype(np.int64),
        np.array([index[name] for name in known["class_name"]], np.int64),
        as_rows(known.select(SIDES).to_numpy()),
        known["confidence"].to_numpy().astype(np.float64),
    )


def _pairs(truth: Boxes, predicted: Boxes) -> Iterator[ImageObjects]:
    """Boxes of one class in one image, by image and class."""
    true, said = _by_image_and_class(truth), _by_image_and_class(predicted)
    nothing = np.empty(0, np.int64)
    for image, number in sorted({*true, *said}):
        theirs, mine = truth.boxes[true.get((image, number), nothing)], said.get((image, number), nothing)
        own = predicted.boxes[mine]
        likeness = ious(own, theirs) if len(own) and len(theirs) else np.empty((len(own), len(theirs)))
        yield ImageObjects(image, number, predicted.confidences[mine], areas(own), areas(theirs), likeness)


def _by_image_and_class(boxes: Boxes) -> dict[tuple[int, int], Integers]:
    """Image and class → numbers of their boxes, in their order."""
    order = np.lexsort((boxes.classes, boxes.images))
    keys = np.stack([boxes.images, boxes.classes])[:, order]
    starts = np.flatnonzero((np.diff(keys, axis=1, prepend=-1) != 0).any(axis=0))
    ends = [*starts[1:].tolist(), len(order)]
    return {
        (int(keys[0, first]), int(keys[1, first])): order[first:last] for first, last in zip(starts.tolist(), ends, strict=False)
    }
