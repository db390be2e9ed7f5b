"""Agreement between annotators on the masks of the same images: mean intersection over union."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from pipeline_tasks.kinds.labeling import Agreement
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.regions import SAME_IOU, are_of_one_size, by_class, class_iou, pairs


def likeness(one: Sequence[Mask], other: Sequence[Mask], *, is_instance: bool) -> float:
    """Likeness of two annotations of one image from 0 to 1; two empty ones are alike.

    Semantic: the mean IoU of the classes that either has. Instance: the mean IoU of matched masks of the same class, in which a
    mask without a match counts 0.
    """
    if not are_of_one_size([one, other]):
        return 0.0
    if not is_instance:
        return class_iou(by_class(one), by_class(other))
    found = pairs(one, other)
    objects = len(one) + len(other) - len(found)
    return sum(pair.iou for pair in found) / objects if objects else 1.0


def agreement(annotations: Mapping[str, Mapping[str, Sequence[Mask]]], *, is_instance: bool) -> Agreement:
    """Measure agreement in image → annotator → masks."""
    shared = {image: given for image, given in annotations.items() if len(given) > 1}
    pairwise: dict[tuple[str, str], tuple[int, float]] = {}
    for given in shared.values():
        for one, other in combinations(sorted(given), 2):
            count, sum_iou = pairwise.get((one, other), (0, 0.0))
            pairwise[one, other] = count + 1, sum_iou + likeness(given[one], given[other], is_instance=is_instance)
    total = sum(count for count, _ in pairwise.values())
    if not total:
        return Agreement(0, 0, None, {}, "")
    ratio = sum(sum_iou for _, sum_iou in pairwise.values()) / total
    return Agreement(len(shared), total, ratio, dict(sorted(pairwise.items())), _says(is_instance))


def _says(is_instance: bool) -> str:
    """The kind's own measure in words."""
    if is_instance:
        return f"mean IoU of the objects of two people (same class, IoU at least {SAME_IOU:g}; without a match 0)"
    return "mean IoU of the classes that either of two people painted"
