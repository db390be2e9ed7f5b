"""Replacement of an object that an erasure removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Replacement:
    """The new object by its key, with its digest."""

    key: str
    rows: int
    """0 for an object that has no rows."""
    sha256: str


Replaced = Mapping[str, Replacement | None]
"""Key of an object that named something erased → what stands in its place, None if nothing does."""
