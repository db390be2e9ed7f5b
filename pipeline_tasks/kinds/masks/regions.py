"""Masks of one image by class, and overlaps of masks that may mean the same object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.geometry.run_lengths import area, decode, encode, iou, merge
from pipeline_tasks.kinds.masks.mask import Mask

SAME_IOU = 0.5
"""Least intersection over union of two masks of one object."""
CLASS_BONUS = 0.2
"""Lead of a pair of the same class over one of different classes at the same place."""


@dataclass(frozen=True)
class Pair:
    """Two masks of one object, by their numbers in both lists."""

    one: int
    other: int
    iou: float
    is_same_class: bool

    @property
    def score(self) -> float:
        """Likeness of the two."""
        return self.iou + CLASS_BONUS * self.is_same_class


def are_of_one_size(annotations: Sequence[Sequence[Mask]]) -> bool:
    """Return True if all masks say the same size of the image, or there are none."""
    return len({mask.size_px for masks in annotations for mask in masks}) <= 1


def by_class(masks: Sequence[Mask]) -> Mapping[str, str]:
    """Class → run lengths of its pixels, sorted by name; where masks of different classes overlap, the later one counts."""
    names = sorted({mask.class_name for mask in masks})
    united = {name: merge([mask.rle for mask in masks if mask.class_name == name]) for name in names}
    if len(names) > 1 and sum(area(rle) for rle in united.values()) > area(merge(list(united.values()))):
        united = _painted(masks, names)
    return {name: rle for name, rle in united.items() if area(rle)}


def class_iou(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    """Mean intersection over union of the classes that either has, from `by_class`; 1 if both have none."""
    names = sorted({*one, *other})
    if not names:
        return 1.0
    found = [float(iou([one[name]], [other[name]])[0, 0]) if name in one and name in other else 0.0 for name in names]
    return sum(found) / len(names)


def likely_pairs(one: Sequence[Mask], other: Sequence[Mask]) -> list[Pair]:
    """All pairs that overlap enough, best first, and independent of the order of the masks."""
    overlaps = iou([mask.rle for mask in one], [mask.rle for mask in other])
    found = [
        Pair(i, j, float(overlaps[i, j]), one[i].class_name == other[j].class_name)
        for i, j in np.argwhere(overlaps >= SAME_IOU).tolist()
    ]
    return sorted(found, key=lambda pair: (-pair.score, *sorted([key_of(one[pair.one]), key_of(other[pair.other])])))


def pairs(one: Sequence[Mask], other: Sequence[Mask]) -> list[Pair]:
    """Pairs of the same class, each mask in at most one, best first."""
    taken_one, taken_other, found = set[int](), set[int](), []
    for pair in likely_pairs(one, other):
        if pair.is_same_class and pair.one not in taken_one and pair.other not in taken_other:
            taken_one.add(pair.one)
            taken_other.add(pair.other)
            found.append(pair)
    return found


def key_of(mask: Mask) -> tuple[str, str, tuple[float, ...]]:
    """Sort key of a mask by all that it is."""
    return mask.class_name, mask.rle, mask.polygon_px


def place_of(mask: Mask) -> tuple[int, int, str, str]:
    """Sort key of a mask by its place, from the top."""
    x, y, _, _ = mask.box_px
    return y, x, mask.class_name, mask.rle


def _painted(masks: Sequence[Mask], names: Sequence[str]) -> dict[str, str]:
    """Class → run lengths, with each pixel given to the last mask that contains it."""
    width, height = masks[0].size_px
    painted = np.zeros((height, width), np.int32)
    for mask in masks:
        painted[decode(mask.rle, mask.size_px)] = names.index(mask.class_name) + 1
    return {name: encode(painted == number) for number, name in enumerate(names, start=1)}
