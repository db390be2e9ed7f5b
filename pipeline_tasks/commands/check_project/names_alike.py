"""Class names that differ so little that one of them may be a slip."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

LEAST_LETTERS = 5
"""Shorter names differ by a letter without being a slip: nut, nuts; cat, cap."""


def names_alike(names: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ by case, spaces, hyphens or underscores, or by one letter that is missing or moved.

    Names with digits, such as `class_1` and `class_11`, count only by the former.
    """
    return [(one, other) for one, other in combinations(names, 2) if _are_alike(one, other)]


def _are_alike(one: str, other: str) -> bool:
    first, second = _letters(one), _letters(other)
    if first == second:
        return True
    if min(len(first), len(second)) < LEAST_LETTERS or re.search(r"\d", first + second):
        return False
    longer, shorter = sorted((first, second), key=len, reverse=True)
    return shorter in _one_missing(longer) if len(longer) == len(shorter) + 1 else second in _one_moved(first)


def _letters(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())


def _one_missing(name: str) -> Iterator[str]:
    return (name[:at] + name[at + 1 :] for at in range(len(name)))


def _one_moved(name: str) -> Iterator[str]:
    return (name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1))
