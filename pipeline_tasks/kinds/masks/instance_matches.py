"""Predicted objects with the true ones: one model, one match of each image, by the overlap of masks of the same class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from pipeline_tasks.geometry.run_lengths import Floats, Size, area, box_of, encode, iou
from pipeline_tasks.kinds.masks.matches import true_masks
from pipeline_tasks.kinds.matching.object_matches import ImageObjects, match_objects
from pipeline_tasks.kinds.object_scoring import MatchedObjects
from pipeline_tasks.kinds.scoring import Integers, group_numbers

MOST = 100
"""Masks of a class in an image that count, the surest first, as in COCO's evaluation."""


@dataclass(frozen=True)
class Instances:
    """Masks of the objects of one class in one image, with their confidences; those of people are sure."""

    rles: tuple[str, ...] = ()
    confidences: tuple[float, ...] = ()


NONE = Instances()
ByClass = Mapping[str, Instances]


@dataclass(frozen=True)
class InstanceMatches(MatchedObjects):
    """Matches, with the true masks that a trivial baseline is made of."""

    truth: Sequence[ByClass]
    """Of each image."""
    sizes_px: Sequence[Size]


def match(predictions: pl.DataFrame, images: pl.DataFrame) -> InstanceMatches:
    """Compare one model's objects with the truth; an image without a row was predicted to be empty."""
    true, said = instances(true_masks(images)), instances(predictions)
    return matched(
        [true.get(image_id, {}) for image_id in images["image_id"]],
        [said.get(image_id, {}) for image_id in images["image_id"]],
        group_numbers(images),
        [(int(width), int(height)) for width, height in images.select("width_px", "height_px").iter_rows()],
    )


def instances(masks: pl.DataFrame) -> dict[str, dict[str, Instances]]:
    """Image → class → its objects, in their order."""
    sure = pl.col("confidence") if "confidence" in masks.columns else pl.lit(1.0).alias("confidence")
    found: dict[str, dict[str, Instances]] = {}
    for image_id, name, rle, confidence in masks.select("image_id", "class_name", "mask_rle", sure).iter_rows():
        of_image = found.setdefault(image_id, {})
        before = of_image.get(name, NONE)
        of_image[name] = Instances((*before.rles, rle), (*before.confidences, confidence or 0.0))
    return found


def matched(truth: Sequence[ByClass], predicted: Sequence[ByClass], groups: Integers, sizes_px: Sequence[Size]) -> InstanceMatches:
    """Match the masks of each class in each image."""
    names = tuple(sorted({name for classes in (*truth, *predicted) for name in classes}))
    return InstanceMatches(names, match_objects(_pairs(truth, predicted, names), MOST), groups, MOST, truth, sizes_px)


def mean_boxes(candidate: InstanceMatches) -> InstanceMatches:
    """Matches of a baseline that fills each class's mean box in every image, as sure as the class is frequent."""
    images = len(candidate.truth)
    means = {name: _mean_box(name, candidate) for name in candidate.class_names}
    sure = {name: sum(name in classes for classes in candidate.truth) / images for name in means}

    @cache
    def filled(size_px: Size) -> dict[str, Instances]:
        """The mean boxes in an image of this size."""
        return {name: Instances((_filled(box, size_px),), (sure[name],)) for name, box in means.items() if box is not None}

    return matched(candidate.truth, [filled(size) for size in candidate.sizes_px], candidate.groups, candidate.sizes_px)


def _pairs(truth: Sequence[ByClass], predicted: Sequence[ByClass], names: Sequence[str]) -> Iterator[ImageObjects]:
    """Masks of one class in one image, by image and class."""
    for image, (true, said) in enumerate(zip(truth, predicted, strict=True)):
        for number, name in enumerate(names):
            theirs, mine = true.get(name, NONE), said.get(name, NONE)
            if theirs.rles or mine.rles:
                likeness = (
                    iou(mine.rles, theirs.rles) if theirs.rles and mine.rles else np.empty((len(mine.rles), len(theirs.rles)))
                )
                sure = np.array(mine.confidences, np.float64)
                yield ImageObjects(image, number, sure, _areas(mine), _areas(theirs), likeness)


def _areas(some: Instances) -> Floats:
    return np.array([area(rle) for rle in some.rles], np.float64)


def _mean_box(name: str, candidate: InstanceMatches) -> Floats | None:
    """Mean box (x, y, width, height) of the class's objects, in shares of the image; None if it has none."""
    shares = [
        np.array(box_of(rle, size)) / np.tile(size, 2)
        for classes, size in zip(candidate.truth, candidate.sizes_px, strict=True)
        for rle in classes.get(name, NONE).rles
    ]
    return np.mean(shares, axis=0) if shares else None


def _filled(box: Floats, size_px: Size) -> str:
    """Run lengths of a filled box, of whole pixels."""
    width, height = size_px
    left, top, right, bottom = np.rint(np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]]) * np.tile(size_px, 2)).astype(
        int
    )
    pixels = np.zeros((height, width), bool)
    pixels[top : max(bottom, top + 1), left : max(right, left + 1)] = True
    return encode(pixels)
