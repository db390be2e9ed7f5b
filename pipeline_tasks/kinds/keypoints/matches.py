"""Predicted skeletons with the true ones: one model, one match of each image, by the likeness (OKS) of things of the same class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.kinds.keypoints.likeness import Floats, Sigmas, areas, oks_to_truth
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.matching.object_matches import ALL, LARGE, MEDIUM, ImageObjects, match_objects
from pipeline_tasks.kinds.object_scoring import MatchedObjects
from pipeline_tasks.kinds.scoring import Integers

MOST = 20
"""Things of a class in an image that count, the surest first, as in COCO's evaluation of keypoints."""
SIZES = (ALL, MEDIUM, LARGE)
"""COCO's sizes for keypoints; small things have no figure of their own."""
Things = Sequence[Sequence[Skeleton]]
"""Things of each image."""


@dataclass(frozen=True)
class ThingMatches(MatchedObjects):
    """Matches, with the true things that a trivial baseline is made of."""

    truth: Things
    sizes_px: Floats
    """Width and height of each image."""
    sigmas: Sigmas


def matched(truth: Things, predicted: Things, groups: Integers, sizes_px: Floats, sigmas: Sigmas) -> ThingMatches:
    """Match the things of each class in each image. A true thing without a point says nothing on places, so it is left out."""
    placed = [[one for one in things if one.points] for things in truth]
    names = tuple(sorted({one.class_name for things in (*placed, *predicted) for one in things}))
    found = match_objects(_pairs(placed, predicted, names, sigmas), MOST, SIZES)
    return ThingMatches(names, found, groups, MOST, placed, sizes_px, sigmas)


def mean_skeletons(candidate: ThingMatches) -> ThingMatches:
    """Matches of a baseline that places each class's mean skeleton into every image, as sure as the class is frequent."""
    means = [
        one for name in candidate.class_names if (one := _mean_skeleton(name, candidate.truth, candidate.sizes_px)) is not None
    ]
    said = [[_scaled(one, *size) for one in means] for size in candidate.sizes_px.tolist()]
    return matched(candidate.truth, said, candidate.groups, candidate.sizes_px, candidate.sigmas)


def _pairs(truth: Things, predicted: Things, names: Sequence[str], sigmas: Sigmas) -> Iterator[ImageObjects]:
    """Things of one class in one image, by image and class."""
    for image, (true, said) in enumerate(zip(truth, predicted, strict=True)):
        for number, name in enumerate(names):
            theirs, mine = ([one for one in things if one.class_name == name] for things in (true, said))
            if theirs or mine:
                sure = np.array([one.confidence or 0.0 for one in mine], np.float64)
                likeness = oks_to_truth(mine, theirs, sigmas.get(name, {}))
                yield ImageObjects(image, number, sure, areas(mine), areas(theirs), likeness)


def _mean_skeleton(class_name: str, truth: Things, sizes_px: Floats) -> Skeleton | None:
    """Mean place of each point in shares of the image; as sure as the share of images with the class; None if it is nowhere."""
    places: dict[str, list[tuple[float, float]]] = {}
    images = 0
    for things, (width, height) in zip(truth, sizes_px.tolist(), strict=True):
        mine = [one for one in things if one.class_name == class_name]
        images += bool(mine)
        for point in (point for one in mine for point in one.points):
            places.setdefault(point.name, []).append((point.x_px / width, point.y_px / height))
    if not images:
        return None
    means = tuple(Point(name, *np.mean(found, axis=0).tolist()) for name, found in places.items())
    return Skeleton(class_name, means, confidence=images / len(truth))


def _scaled(one: Skeleton, width: float, height: float) -> Skeleton:
    points = tuple(Point(point.name, point.x_px * width, point.y_px * height) for point in one.points)
    return Skeleton(one.class_name, points, confidence=one.confidence)
