"""A second look, before it is a row, and what every choice of them must know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

import polars as pl


@dataclass(frozen=True)
class Look:
    """One image for one more person."""

    image_id: str
    purpose: str
    """`audit`, `review`, `overlap` or `gold`."""
    reason: str
    given_name: str | None = None
    suggested_name: str | None = None


@dataclass(frozen=True)
class Standing:
    """Images as they stand before the round."""

    names: Mapping[str, str]
    """Image → name of its label today."""
    closed: Set[str]
    """Images that must not be asked about tonight: picked already, with an open task, quarantined or contested."""

    def without(self, looks: list[Look]) -> Standing:
        """The same after these looks were chosen."""
        return replace(self, closed=self.closed | {one.image_id for one in looks})


WHY = {
    "audit": "labels drawn at random",
    "review": "doubted labels",
    "overlap": "images whose votes do not suffice",
    "gold": "gold images",
}


def said_of(looks: pl.DataFrame) -> str:
    """Sentence on rows of `second_looks`; empty without any."""
    counts = Counter(looks["purpose"].cast(pl.String))
    found = ", ".join(f"{counts[purpose]} {why}" for purpose, why in WHY.items() if counts[purpose])
    return f" Beside them, one more person each is asked about {found}." if found else ""


def reviewed_in(looks: pl.DataFrame) -> list[str]:
    """Images of the reviews among rows of `second_looks`."""
    return looks.filter(pl.col("purpose").cast(pl.String) == "review")["image_id"].to_list()


def times_looked(looks: pl.DataFrame, *purposes: str) -> Counter[str]:
    """Image → earlier second looks for one of these purposes, from rows of `second_looks`."""
    return Counter(looks.filter(pl.col("purpose").cast(pl.String).is_in(purposes))["image_id"])
