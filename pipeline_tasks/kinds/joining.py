"""Objects that several people marked in one image, joined to the things that they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Likeness = Callable[[Sequence[T], Sequence[T]], npt.NDArray[np.float64]]
"""Two people's objects → N x M likeness of their places from 0 to 1."""


def joined(
    marked: Sequence[Sequence[T]], likeness: Likeness[T], order: Callable[[T], Any], *, least: float = 0.5
) -> list[Mapping[int, T]]:
    """Person → object, for each thing that anyone marked; of one person at most one object.

    Most alike objects are joined first, and only those whose likeness is at least `least`. `order` sorts objects by all that they
    are, so that the result does not depend on the order of people or of their objects; it is sorted by the objects of each thing.
    """
    sorted_of = [sorted(objects, key=order) for objects in marked]
    found = {(person, at): {person: at} for person, objects in enumerate(sorted_of) for at in range(len(objects))}
    for _, one, other in _edges(sorted_of, likeness, order, least):
        if not found[one].keys() & found[other].keys():
            together = found[one] | found[other]
            found |= dict.fromkeys(together.items(), together)
    distinct = {id(members): members for members in found.values()}.values()
    things = [{person: sorted_of[person][at] for person, at in members.items()} for members in distinct]
    return sorted(things, key=lambda thing: sorted(order(one) for one in thing.values()))


def paired(
    one: Sequence[T], other: Sequence[T], likeness: Likeness[T], order: Callable[[T], Any], *, least: float = 0.5
) -> list[tuple[T, T]]:
    """Pairs of two people's objects that mean one thing."""
    return [(thing[0], thing[1]) for thing in joined([one, other], likeness, order, least=least) if len(thing) == 2]


Place = tuple[int, int]
"""Number of a person and of the person's object."""


def _edges(
    marked: Sequence[Sequence[T]], likeness: Likeness[T], order: Callable[[T], Any], least: float
) -> list[tuple[float, Place, Place]]:
    """All pairs of objects of different people that are alike enough, best first."""
    edges = []
    for one in range(len(marked)):
        for other in range(one + 1, len(marked)):
            alike = likeness(marked[one], marked[other]) if marked[one] and marked[other] else np.empty((0, 0))
            edges += [(float(alike[i, j]), (one, i), (other, j)) for i, j in np.argwhere(alike >= least).tolist()]
    return sorted(edges, key=lambda edge: (-round(edge[0], 9), sorted(order(marked[person][at]) for person, at in edge[1:])))
