"""Comparison of objects of any label kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any


def unlike(said: Sequence[Any], wanted: Sequence[Any], slack_px: float) -> Iterator[str]:
    """A sentence on each object of `said` that differs from the one of `wanted`, in any order.

    Positions may differ by `slack_px`; all else must be equal.
    """
    if len(said) != len(wanted):
        yield f"{len(said)} objects instead of {len(wanted)}"
    for one, other in zip(sorted(said, key=_order), sorted(wanted, key=_order), strict=False):
        if not _is_equal(list(_values(one)), list(_values(other)), slack_px):
            yield f"{one} instead of {other}"


def _order(one: Any) -> str:
    """Key that equal objects share, though a position differs in its last digits."""
    return repr([round(value, 2) if isinstance(value, float) else value for value in _values(one)])


def _values(one: Any) -> Iterator[Any]:
    """Texts and numbers that an object is made of."""
    if is_dataclass(one):
        yield from (value for name in fields(one) for value in _values(getattr(one, name.name)))
    elif isinstance(one, tuple | list):
        yield from (value for part in one for value in _values(part))
    else:
        yield float(one) if isinstance(one, int | float) and not isinstance(one, bool) else one


def _is_equal(said: list[Any], true: list[Any], slack_px: float) -> bool:
    return len(said) == len(true) and all(
        abs(one - other) <= slack_px if isinstance(one, float) and isinstance(other, float) else one == other
        for one, other in zip(said, true, strict=True)
    )
