"""One label from several people's boxes of an image: matched by place, classes by vote, edges fused."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline_tasks.geometry.boxes import from_corners, ious, to_corners
from pipeline_tasks.geometry.orientation import DECIMALS
from pipeline_tasks.geometry.robust_means import robust_means
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.matching import SAME_IOU, likely_pairs, place_of, sides_of
from pipeline_tasks.kinds.labeling import Agreed

DOUBLE_IOU = 0.95
"""Two boxes of one person and class that overlap more are one box drawn twice."""


@dataclass(frozen=True)
class _Seen:
    """One object, as the people who drew it did."""

    boxes: dict[int, Box]
    """Number of the person → box."""
    decided: str | None = None
    """The class that decides a tie."""

    @property
    def votes(self) -> Counter[str]:
        """Class → people."""
        return Counter(one.class_name for one in self.boxes.values())

    @property
    def winner(self) -> str | None:
        """The class that most people chose, or that decided a tie; None for a tie."""
        first, *others = self.votes.most_common(2)
        if self.decided is not None:
            return self.decided
        return None if others and others[0][1] == first[1] else first[0]


def agree(annotations: Sequence[Sequence[Box]]) -> Agreed[Box]:
    """Label from the boxes of several people.

    An object is kept if at least half of the people drew it, because an object is missed more often than invented; a second box of
    the same person at the same place is not. If classes tie, those people decide who agree most with the others on this image. The
    label is `unsure` if they tie, too, or if people's mean F1 against what most of them drew is at most 0.5.
    """
    people = len(annotations)
    if not people:
        return Agreed("unsure", 0, 0.0)
    drawn = [_without_doubles(objects) for objects in annotations]
    seen = [one for one in _objects_of(drawn) if 2 * len(one.boxes) >= people]
    by_most = [one for one in seen if one.winner is not None and 2 * one.votes[one.winner] > people]
    kept = by_most + [one for one in seen if one not in by_most and not _is_double(one, by_most)]
    likeness = [_likeness(number, boxes, by_most) for number, boxes in enumerate(drawn)]
    ratio, kept = math.fsum(likeness) / people, [_without_tie(one, likeness) for one in kept]
    if any(one.winner is None for one in kept) or (people > 1 and ratio <= 0.5):
        return Agreed("unsure", people, ratio)
    objects = sorted((_fused(one) for one in kept), key=lambda box: (place_of(box), box.class_name))
    return Agreed("labelled" if objects else "empty", people, ratio, tuple(objects))


def _without_doubles(objects: Sequence[Box]) -> list[Box]:
    """One person's boxes, each once, sorted by place."""
    ordered = sorted(objects, key=lambda box: (place_of(box), box.class_name))
    overlaps = ious(sides_of(ordered), sides_of(ordered))
    kept: list[int] = []
    for number, box in enumerate(ordered):
        if not any(overlaps[number, other] >= DOUBLE_IOU and ordered[other].class_name == box.class_name for other in kept):
            kept.append(number)
    return [ordered[number] for number in kept]


def _objects_of(drawn: Sequence[Sequence[Box]]) -> list[_Seen]:
    """Boxes of all people, joined to objects: most alike boxes first, and at most one of each person."""
    found = {(person, number): {person: number} for person, boxes in enumerate(drawn) for number in range(len(boxes))}
    scored = [
        (score, (one, pair.one), (other, pair.other))
        for one in range(len(drawn))
        for other in range(one + 1, len(drawn))
        for score, pair in likely_pairs(drawn[one], drawn[other])
    ]
    # By the boxes themselves, so that the order of the people does not matter.
    scored.sort(key=lambda edge: (-edge[0], *sorted(_all_of(drawn[person][number]) for person, number in edge[1:])))
    for _, one, other in scored:
        if found[one].keys() & found[other].keys():
            continue
        joined = found[one] | found[other]
        found |= dict.fromkeys(joined.items(), joined)
    distinct = {id(members): members for members in found.values()}.values()
    return [_Seen({person: drawn[person][number] for person, number in members.items()}) for members in distinct]


def _all_of(box: Box) -> tuple[tuple[float, ...], str]:
    return place_of(box), box.class_name


def _is_double(one: _Seen, by_most: Sequence[_Seen]) -> bool:
    """Return True for another box of a person at the place of an object that the same person also drew."""
    others = [other for other in by_most if one.boxes.keys() & other.boxes.keys() and other.winner == one.winner]
    if not others:
        return False
    overlaps = ious(sides_of([_fused(one)]), sides_of([_fused(other) for other in others]))
    return bool(overlaps.max() >= SAME_IOU)


def _likeness(person: int, boxes: Sequence[Box], by_most: Sequence[_Seen]) -> float:
    """F1 of one person's boxes against what most people drew."""
    hits = sum(person in one.boxes and one.boxes[person].class_name == one.winner for one in by_most)
    total = len(boxes) + len(by_most)
    return 2 * hits / total if total else 1.0


def _without_tie(one: _Seen, likeness: Sequence[float]) -> _Seen:
    """The object with a class if its classes tie and one of them has the people who agree most with the others."""
    if one.winner is not None:
        return one
    most = max(one.votes.values())
    weights = {
        name: math.fsum(likeness[person] for person, box in one.boxes.items() if box.class_name == name)
        for name, votes in one.votes.items()
        if votes == most
    }
    best = [name for name, weight in weights.items() if weight == max(weights.values())]
    return replace(one, decided=best[0]) if len(best) == 1 else one


def _fused(one: _Seen) -> Box:
    """The box of an object: robust means of its edges; if most people drew it rotated, the drawn box most like the others."""
    boxes, name = sorted(one.boxes.values(), key=_all_of), one.winner or ""
    if len(boxes) == 1:
        return replace(boxes[0], class_name=name)
    rotated = [box for box in boxes if box.corners_px]
    if 2 * len(rotated) > len(boxes):
        likeness = ious(sides_of(rotated), sides_of(boxes)).sum(axis=1)
        return replace(rotated[int(likeness.argmax())], class_name=name)
    sides = sides_of(boxes)
    edges = robust_means(to_corners(sides), np.tile(np.median(sides[:, 2:], axis=0), 2))
    left, top, width, height = (round(float(px), DECIMALS) for px in from_corners(edges[None])[0])
    return Box(name, left, top, width, height)
