"""One label from several people's masks of an image: objects and classes by votes, edges in the middle of theirs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.geometry.run_lengths import Size, area, box_of, decode, encode, merge
from pipeline_tasks.kinds.labeling import Agreed
from pipeline_tasks.kinds.masks.agreement import likeness
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.middle import FAR, Floats, middle
from pipeline_tasks.kinds.masks.regions import are_of_one_size, by_class, key_of, likely_pairs, place_of


def agree(annotations: Sequence[Sequence[Mask]], *, is_instance: bool) -> Agreed[Mask]:
    """Label from the masks of several people.

    Semantic: a region is kept if it has a pixel to which more than half of the people gave its class. Instance: masks are matched
    by their overlap; an object is kept if at least half of the people drew it, and has the class that most of them gave it. Edges
    are in the middle of theirs (`middle`). The label is `unsure` if a class ties, or if the mean likeness of people's masks to the
    result is at most 0.5.
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
    """One mask of each class; a pixel in two is of the one that it is deeper in."""
    painted = [by_class(masks) for masks in annotations]
    names = sorted({name for classes in painted for name in classes})
    drawn = [mask for masks in annotations for mask in masks]
    if not names:
        return []
    width, height = size_px = drawn[0].size_px
    deepest, owners = np.zeros((height, width), np.float32), np.zeros((height, width), np.int32)
    for number, name in enumerate(names, start=1):
        depths = _depths([one.get(name) for one in painted], size_px)
        is_deeper = depths > deepest
        deepest[is_deeper], owners[is_deeper] = depths[is_deeper], number
    return _with_pixels([_as_drawn(name, encode(owners == number), drawn) for number, name in enumerate(names, start=1)])


def _depths(rles: Sequence[str | None], size_px: Size) -> Floats:
    """Signed distance from the middle edge of one class: positive inside."""
    width, height = size_px
    if len(set(rles)) == 1 and rles[0] is not None:
        return np.where(decode(rles[0], size_px), FAR, -FAR)
    return middle([np.zeros((height, width), bool) if rle is None else decode(rle, size_px) for rle in rles])


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
            found += _with_pixels([_as_drawn(first[0], _fused(seen), seen)])
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


def _fused(seen: Sequence[Mask]) -> str:
    """Run lengths of one object that these people drew."""
    rles = [mask.rle for mask in seen]
    if len(set(rles)) == 1:
        return rles[0]
    size_px = width, height = seen[0].size_px
    x, y, wide, high = box_of(merge(rles), size_px)
    here = slice(max(0, y - 1), y + high + 1), slice(max(0, x - 1), x + wide + 1)
    found = np.zeros((height, width), bool)
    found[here] = middle([decode(rle, size_px)[here] for rle in rles]) > 0
    return encode(found)


def _as_drawn(name: str, rle: str, drawn: Sequence[Mask]) -> Mask:
    """The mask of these pixels; with the polygon as drawn, if they are exactly its pixels."""
    polygons = sorted(mask.polygon_px for mask in drawn if mask.class_name == name and mask.rle == rle and mask.polygon_px)
    return Mask(name, rle, drawn[0].size_px, polygons[0] if polygons else ())


def _with_pixels(masks: Sequence[Mask]) -> list[Mask]:
    return [mask for mask in masks if area(mask.rle)]
