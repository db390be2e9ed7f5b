"""Objects that several people marked in one image, joined to the things that they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
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
    for one, other in _edges(sorted_of, likeness, order, least):
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
) -> Iterator[tuple[Place, Place]]:
    """All pairs of objects of different people that are alike enough, best first; of equally alike ones the first by `order`."""
    ranks = _ranks(marked, order)
    rows: list[npt.NDArray[np.int64]] = [np.empty((0, 4), np.int64)]
    alike: list[npt.NDArray[np.float64]] = [np.empty(0)]
    for one, other in combinations(range(len(marked)), 2):
        found = likeness(marked[one], marked[other]) if marked[one] and marked[other] else np.empty((0, 0))
        mine, theirs = np.nonzero(found >= least)
        rows.append(np.stack([np.full_like(mine, one), mine, np.full_like(mine, other), theirs], axis=1))
        alike.append(found[mine, theirs].round(9))
    pairs, scores = np.concatenate(rows), np.concatenate(alike)
    ends = np.sort(np.stack([ranks[pairs[:, 0], pairs[:, 1]], ranks[pairs[:, 2], pairs[:, 3]]]), axis=0)
    for one, at, other, to in pairs[np.lexsort((ends[1], ends[0], -scores))].tolist():
        yield (one, at), (other, to)


def _ranks(marked: Sequence[Sequence[T]], order: Callable[[T], Any]) -> npt.NDArray[np.int64]:
    """Place of each object among all, by `order`: people x objects. Equal objects have one rank."""
    keys = [[order(one) for one in objects] for objects in marked]
    found = np.zeros((len(keys), max(map(len, keys), default=0)), np.int64)
    places = sorted(((key, (person, at)) for person, row in enumerate(keys) for at, key in enumerate(row)), key=lambda one: one[0])
    rank = 0
    for number, (key, place) in enumerate(places):
        rank += bool(number) and key != places[number - 1][0]
        found[place] = rank
    return found
