"""One label from several people's masks of an image, by votes of pixels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_tasks.geometry.run_lengths import area, merge
from pipeline_tasks.kinds.labeling import Agreed
from pipeline_tasks.kinds.masks.agreement import likeness
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.regions import are_of_one_size, by_class, key_of, likely_pairs, place_of


def agree(annotations: Sequence[Sequence[Mask]], *, is_instance: bool) -> Agreed[Mask]:
    """Label from the masks of several people.

    Semantic: a pixel belongs to the class that more than half of the people gave it. Instance: masks are matched by their overlap;
    an object is kept if at least half of the people drew it; it has the class that most of them gave it, and the pixels that more
    than half of them gave it. The label is `unsure` if a class ties, or if the mean likeness of people's masks to the result is at
    most 0.5.
    """
    people = len(annotations)
    if not people or not are_of_one_size(annotations):
        return Agreed("unsure", people, 0.0)
    objects = _objects(annotations) if is_instance else _classes(annotations)
    found = [one for one in objects if one is not None]
    ratio = math.fsum(likeness(masks, found, is_instance=is_instance) for masks in annotations) / people
    if len(found) < len(objects) or (people > 1 and ratio <= 0.5):
        return Agreed("unsure", people, ratio)
    return Agreed("labelled" if found else "empty", people, ratio, tuple(sorted(found, key=place_of)))


def _classes(annotations: Sequence[Sequence[Mask]]) -> list[Mask]:
    """One mask of each class."""
    painted = [by_class(masks) for masks in annotations]
    names = sorted({name for classes in painted for name in classes})
    drawn = [mask for masks in annotations for mask in masks]
    return _with_pixels([_fused(name, [one[name] for one in painted if name in one], len(painted), drawn) for name in names])


def _objects(annotations: Sequence[Sequence[Mask]]) -> list[Mask | None]:
    """The objects; None for one whose class ties."""
    found: list[Mask | None] = []
    for seen in _joined(annotations):
        if 2 * len(seen) < len(annotations):
            continue
        first, *others = Counter(mask.class_name for mask in seen).most_common(2)
        if others and others[0][1] == first[1]:
            found.append(None)
        else:
            found += _with_pixels([_fused(first[0], [mask.rle for mask in seen], len(seen), seen)])
    return found


@dataclass(frozen=True)
class _Edge:
    """Two masks that may be one object: their likeness, and people's numbers with the masks' numbers."""

    score: float
    ends: tuple[tuple[int, int], tuple[int, int]]


def _joined(annotations: Sequence[Sequence[Mask]]) -> list[list[Mask]]:
    """Masks of all people, joined to objects: most alike masks first, and at most one of each person."""
    edges = [
        _Edge(pair.score, ((one, pair.one), (other, pair.other)))
        for one in range(len(annotations))
        for other in range(one + 1, len(annotations))
        for pair in likely_pairs(annotations[one], annotations[other])
    ]
    # By the masks themselves, so that the order of the people does not matter.
    edges.sort(key=lambda edge: (-edge.score, *sorted(key_of(annotations[person][number]) for person, number in edge.ends)))
    joined = {(person, number): {person: number} for person, masks in enumerate(annotations) for number in range(len(masks))}
    for edge in edges:
        one, other = (joined[end] for end in edge.ends)
        if not one.keys() & other.keys():
            joined |= dict.fromkeys((one | other).items(), one | other)
    distinct = {id(members): members for members in joined.values()}.values()
    return [[annotations[person][number] for person, number in members.items()] for members in distinct]


def _fused(name: str, rles: Sequence[str], people: int, drawn: Sequence[Mask]) -> Mask:
    """Pixels that more than half of the people gave; with the polygon as drawn, if they are exactly its pixels."""
    size_px = drawn[0].size_px
    rle = merge(rles, people // 2 + 1)
    polygons = sorted(mask.polygon_px for mask in drawn if mask.class_name == name and mask.rle == rle and mask.polygon_px)
    return Mask(name, rle, size_px, polygons[0] if polygons else ())


def _with_pixels(masks: Sequence[Mask]) -> list[Mask]:
    return [mask for mask in masks if area(mask.rle)]
