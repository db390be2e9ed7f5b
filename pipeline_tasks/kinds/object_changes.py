"""Differences between two labels of one image, object by object."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
SAME_PLACE = 0.5
"""Least overlap (0 to 1) of two objects that are one, moved or relabelled."""


@dataclass(frozen=True)
class ObjectChanges:
    """Numbers of objects that differ."""

    added: int = 0
    removed: int = 0
    moved: int = 0
    """Of the same name, at about the same place."""
    relabelled: int = 0
    """Of another name, at about the same place; perhaps moved, too."""

    def __add__(self, other: ObjectChanges) -> ObjectChanges:
        """Sum of both."""
        return ObjectChanges(
            self.added + other.added,
            self.removed + other.removed,
            self.moved + other.moved,
            self.relabelled + other.relabelled,
        )


def object_changes(
    before: Sequence[T],
    after: Sequence[T],
    name_of: Callable[[T], Hashable],
    overlaps: Callable[[Sequence[T], Sequence[T]], npt.NDArray[np.float64]] | None = None,
) -> ObjectChanges:
    """Compare the objects of two labels, which are equal by value or at about the same place.

    `overlaps` gives likeness of places from 0 to 1 as N x M; without it nothing is moved or relabelled, only added and removed.
    """
    gone, come = _without_equal(before, after)
    if overlaps is None or not gone or not come:
        return ObjectChanges(added=len(come), removed=len(gone))
    likeness = overlaps(gone, come)
    is_same = np.array([[name_of(one) == name_of(other) for other in come] for one in gone])
    moved = _take_pairs(likeness, is_same)
    relabelled = _take_pairs(likeness, ~is_same)
    matched = moved + relabelled
    return ObjectChanges(len(come) - matched, len(gone) - matched, moved, relabelled)


def _take_pairs(likeness: npt.NDArray[np.float64], is_wanted: npt.NDArray[np.bool_]) -> int:
    """Number of pairs at one place, best first; their rows and columns are set to 0 in `likeness`."""
    found = 0
    while (scores := np.where(is_wanted, likeness, 0.0)).max() >= SAME_PLACE:
        one, other = np.unravel_index(int(scores.argmax()), scores.shape)
        likeness[one, :] = 0.0
        likeness[:, other] = 0.0
        found += 1
    return found


def _without_equal(before: Sequence[T], after: Sequence[T]) -> tuple[list[T], list[T]]:
    """Objects of each label that the other does not have, one for one."""
    come, gone = list(after), []
    for one in before:
        if one in come:
            come.remove(one)
        else:
            gone.append(one)
    return gone, come
