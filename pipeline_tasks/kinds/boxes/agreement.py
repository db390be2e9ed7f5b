"""Agreement between annotators on the boxes of the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.matching import SAME_IOU, pairs
from pipeline_tasks.kinds.labeling import Agreement


def agreement(annotations: Mapping[str, Mapping[str, Sequence[Box]]]) -> Agreement:
    """Mean F1 of the boxes of two people (same class, overlap enough), in image → annotator → boxes; two empty ones agree."""
    shared = {image: given for image, given in annotations.items() if len(given) > 1}
    pairwise: dict[tuple[str, str], tuple[int, float]] = {}
    overlaps: list[float] = []
    for given in shared.values():
        for one, other in combinations(sorted(given), 2):
            found = pairs(given[one], given[other], same_class=True)
            drawn = len(given[one]) + len(given[other])
            count, sum_f1 = pairwise.get((one, other), (0, 0.0))
            pairwise[one, other] = count + 1, sum_f1 + (2 * len(found) / drawn if drawn else 1.0)
            overlaps += [pair.iou for pair in found]
    total = sum(count for count, _ in pairwise.values())
    if not total:
        return Agreement(0, 0, None, {}, "")
    ratio = sum(sum_f1 for _, sum_f1 in pairwise.values()) / total
    return Agreement(len(shared), total, ratio, dict(sorted(pairwise.items())), _says(overlaps))


def _says(overlaps: Sequence[float]) -> str:
    """The kind's own measure in words."""
    rule = f"F1 of boxes of the same class with an IoU of at least {SAME_IOU:g}"
    if not overlaps:
        return f"{rule}; no two boxes match"
    return f"{rule}; mean IoU of {len(overlaps)} matching boxes {sum(overlaps) / len(overlaps):.2f}"
