"""Agreement between annotators on the boxes of the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure, over_pairs
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.matching import SAME_IOU, pairs

MEASURE = AgreementMeasure("mean F1", votes_compared_with="what most of them drew")


def agreement(annotations: Mapping[str, Mapping[str, Sequence[Box]]]) -> Agreement:
    """Mean F1 of the boxes of two people (same class, overlap enough), in image → annotator → boxes; two empty ones agree."""
    overlaps: list[float] = []

    def f1(one: Sequence[Box], other: Sequence[Box]) -> float:
        """F1 of two people's boxes."""
        found = pairs(one, other, same_class=True)
        overlaps.extend(pair.iou for pair in found)
        drawn = len(one) + len(other)
        return 2 * len(found) / drawn if drawn else 1.0

    return over_pairs(annotations, f1).saying(lambda: _says(overlaps))


def _says(overlaps: Sequence[float]) -> str:
    """The kind's own measure in words."""
    rule = f"the share of two people's boxes that match one of the other: same class, IoU at least {SAME_IOU:g}"
    if not overlaps:
        return f"{rule}; no two boxes match"
    return f"{rule}; mean IoU of {len(overlaps)} {'match' if len(overlaps) == 1 else 'matches'} {sum(overlaps) / len(overlaps):.2f}"
