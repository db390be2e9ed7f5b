"""Agreement between annotators on the masks of the same images: mean intersection over union."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure, over_pairs
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.regions import SAME_IOU, are_of_one_size, by_class, class_iou, pairs

MEASURE = AgreementMeasure("mean IoU", disagree_below=0.75)
"""The limit is the stricter one that COCO matches by; no two people paint the same pixels."""


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

    def iou(one: Sequence[Mask], other: Sequence[Mask]) -> float:
        """Mean IoU of two people's masks."""
        return likeness(one, other, is_instance=is_instance)

    return over_pairs(annotations, iou).saying(lambda: _says(is_instance))


def _says(is_instance: bool) -> str:
    """The kind's own measure in words."""
    if is_instance:
        return f"that of objects of the same class, matched from an IoU of {SAME_IOU:g}; an object without a match counts as 0"
    return "that of the classes that either of two people painted"
