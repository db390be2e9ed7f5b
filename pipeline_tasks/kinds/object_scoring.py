"""Average precision and recall as COCO states them, for all kinds whose labels are objects in places: boxes, masks, keypoints.

Such a kind matches its objects by its own likeness (IoU, OKS); the figures and the gate's score are the same for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.intervals.bootstrap import ratio_draws, sum_by_group
from pipeline_tasks.intervals.proportions import interval_of_shares
from pipeline_tasks.kinds.matching.average_precision import Counts, average_precisions, average_recalls, precision_within_images
from pipeline_tasks.kinds.matching.object_matches import ObjectMatches
from pipeline_tasks.kinds.scoring import Basis, Figure, Floats, GroupedImages, Integers, Score, basis_of_images

AP, IMAGE_AP = "ap", "image_ap"
AT = {"50": 0.5, "75": 0.75}
"""Endings of figures at one threshold alone."""


@dataclass(frozen=True)
class MatchedObjects(GroupedImages):
    """One model's objects with the truth, in images that come in the order of image_id."""

    class_names: tuple[str, ...]
    """All classes that are true for an object or that the model predicted."""
    found: ObjectMatches
    groups: Integers
    """Number of the image's split group, from 0."""
    most: int
    """Number of predictions of a class in an image that count."""


def basis_of_classes(candidate: MatchedObjects, min_images: int) -> Basis:
    """Classes with at least `min_images` test images count; the rarer ones are left out of the mean."""
    return basis_of_images(images_by_class(candidate), min_images, "an object")


def images_by_class(matches: MatchedObjects) -> dict[str, int]:
    """Number of images with a true object of each class."""
    pairs = np.unique(np.stack([matches.found.true_classes, matches.found.true_images]), axis=1)
    counts = np.bincount(pairs[0], minlength=len(matches.class_names))
    return dict(zip(matches.class_names, counts.tolist(), strict=True))


def average_precision(matches: MatchedObjects, basis: Basis, draws: Floats) -> Score:
    """Mean average precision over the classes that count, and over all thresholds of likeness."""
    draws = _with_all(draws)
    found = _mean([_precisions(matches, 0, name, draws).mean(axis=1) for name in basis.counted], draws)
    return Score(float(found[0]), found[1:], ((float(found[0]), matches.group_count),))


def image_precisions(matches: MatchedObjects) -> Floats:
    """Average precision within each image, all classes together; 1 minus the surest confidence if nothing is there."""
    return precision_within_images(matches.found, matches.images)


def object_figures(matches: MatchedObjects, basis: Basis, draws: Floats, confidence: float) -> Iterator[Figure]:
    """AP and AR over the classes that count, by size, and of each class, with intervals."""
    draws = _with_all(draws)
    for metric, values, class_name, images in _values(matches, basis, draws):
        value = float(values[0])
        if np.isnan(value):
            yield Figure(metric, class_name, value, None, None, images)
            continue
        interval = interval_of_shares(values[1:], [(value, matches.group_count)], confidence)
        low, high = (None if np.isnan(bound) else bound for bound in (interval.low, interval.high))
        yield Figure(metric, class_name, value, low, high, images)


Values = tuple[str, Floats, str, int]
"""Metric, its value and its draws, name of the class or nothing, number of images."""


def _values(matches: MatchedObjects, basis: Basis, draws: Floats) -> Iterator[Values]:
    by_class = {name: count for name, count in images_by_class(matches).items() if count}
    weights = draws.astype(np.int32)
    precisions = {name: _precisions(matches, 0, name, weights) for name in by_class}
    counted = [precisions[name] for name in basis.counted]
    yield AP, _mean([one.mean(axis=1) for one in counted], draws), "", matches.images
    for ending, threshold in AT.items():
        at = int(np.argmin(np.abs(matches.found.thresholds - threshold)))
        yield f"{AP}_{ending}", _mean([one[:, at] for one in counted], draws), "", matches.images
        yield from ((f"{AP}_{ending}", precisions[name][:, at], name, images) for name, images in by_class.items())
    yield from ((AP, precisions[name].mean(axis=1), name, images) for name, images in by_class.items())
    recalls = _recalls(matches, 0, draws, matches.most)
    yield from (("ar", recalls[name], name, images) for name, images in by_class.items())
    yield "ar", _mean([recalls[name] for name in basis.counted], draws), "", matches.images
    for most in (1, 10):
        few = _recalls(matches, 0, draws, most)
        yield f"ar_{most}", _mean([few[name] for name in basis.counted], draws), "", matches.images
    yield from _values_by_size(matches, basis, draws, weights)
    yield IMAGE_AP, _image_values(matches, draws), "", matches.images


def _values_by_size(matches: MatchedObjects, basis: Basis, draws: Floats, weights: Counts) -> Iterator[Values]:
    for number, size in enumerate(matches.found.sizes[1:], start=1):
        precisions = [_precisions(matches, number, name, weights).mean(axis=1) for name in basis.counted]
        recalls = _recalls(matches, number, draws, matches.most)
        yield f"{AP}_{size.name}", _mean(precisions, draws), "", matches.images
        yield f"ar_{size.name}", _mean([recalls[name] for name in basis.counted], draws), "", matches.images


def _image_values(matches: MatchedObjects, draws: Floats) -> Floats:
    values = image_precisions(matches)
    sums = sum_by_group(values[:, None], matches.groups, matches.group_count)
    images = sum_by_group(np.ones_like(values)[:, None], matches.groups, matches.group_count)
    return ratio_draws(draws, sums, images)[:, 0]


def _precisions(matches: MatchedObjects, size: int, name: str, draws: Floats | Counts) -> Floats:
    """Rows: all images once, then each sample. Columns: thresholds."""
    return average_precisions(matches.found, size, matches.class_names.index(name), matches.groups, draws)


def _recalls(matches: MatchedObjects, size: int, draws: Floats, most: int) -> dict[str, Floats]:
    """Class → its recall, with all images once, then in each sample."""
    found = average_recalls(matches.found, size, len(matches.class_names), matches.groups, draws, most)
    return dict(zip(matches.class_names, found.T, strict=True))


def _with_all(draws: Floats) -> Floats:
    """The draws, after one that has each group once."""
    return np.concatenate([np.ones((1, draws.shape[1])), draws])


def _mean(values: list[Floats], draws: Floats) -> Floats:
    """Mean over classes in each sample, without those of which it drew no object."""
    stacked = np.stack(values) if values else np.full((1, len(draws)), np.nan)
    known = ~np.isnan(stacked)
    counts = known.sum(axis=0)
    sums = np.where(known, stacked, 0.0).sum(axis=0)
    means: Floats = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return means
