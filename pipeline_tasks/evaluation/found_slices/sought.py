"""Slices that are looked at: values of what is recorded with images, the lowest and highest of what is measured, clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CLUSTER = "cluster"
FIFTHS = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0))
ENDS = ((0.0, 0.05), (0.0, 0.1), (0.9, 1.0), (0.95, 1.0))
"""Shares of images between which slices of a measured column lie."""


@dataclass(frozen=True)
class Sought:
    """One slice: test images that share something which nobody chose for its errors."""

    about: str
    """Name of the column, or `cluster`."""
    value: str
    """The value, or the bounds as `12.5 to 40.1`, `below 12.5`, `from 40.1`."""
    words: str
    """The rule by which an image belongs to it."""
    is_member: Booleans
    """Of each test image."""


@dataclass(frozen=True)
class Bounds:
    """Bounds of a measured column; None is no bound."""

    low: float | None
    high: float | None

    @property
    def text(self) -> str:
        """As in `Sought.value`."""
        if self.low is None:
            return f"below {self.high!r}"
        return f"from {self.low!r}" if self.high is None else f"{self.low!r} to {self.high!r}"

    @classmethod
    def read(cls, text: str) -> Bounds:
        """Bounds of such a text."""
        if text.startswith("below "):
            return cls(None, float(text.removeprefix("below ")))
        if text.startswith("from "):
            return cls(float(text.removeprefix("from ")), None)
        low, high = text.split(" to ")
        return cls(float(low), float(high))


def by_values(images: pl.DataFrame, words: Mapping[str, str]) -> Iterator[Sought]:
    """One slice for each value of each text column; `words` says the column in a sentence. Images without a value are in none."""
    for column, said in words.items():
        values = images[column]
        for value in values.drop_nulls().unique().sort():
            yield Sought(column, str(value), f"{said} {value}", (values == value).fill_null(value=False).to_numpy())


def by_bounds(images: pl.DataFrame, words: Mapping[str, str]) -> Iterator[Sought]:
    """Fifths, and the lowest and highest 5 and 10 % of each number column; images without a number are in none."""
    for column, said in words.items():
        values = images[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        known = values[~np.isnan(values)]
        for low_share, high_share in (*FIFTHS, *ENDS) if known.size else ():
            low, high = (float(bound) for bound in np.quantile(known, [low_share, high_share]))
            is_member = (values >= low) & ((values < high) if high_share < 1 else (values <= high))
            bounds = Bounds(None if low_share == 0 else low, None if high_share == 1 else high)
            yield Sought(column, bounds.text, f"{said} {_between(low, high, low_share, high_share)}", is_member)


def by_clusters(cluster_of: Integers) -> Iterator[Sought]:
    """One slice for each cluster of images that look alike; `cluster_of` has the number of each image's cluster."""
    count = int(cluster_of.max()) + 1 if cluster_of.size else 0
    for number in range(count):
        words = f"{CLUSTER} {number + 1} of {count} of images that look alike"
        yield Sought(CLUSTER, f"{number + 1} of {count}", words, cluster_of == number)


def _between(low: float, high: float, low_share: float, high_share: float) -> str:
    """Bounds of a slice in words, with the share of images that it is."""
    if low_share == 0:
        return f"below {high:.4g} (the lowest {100 * high_share:g} %)"
    if high_share == 1:
        return f"from {low:.4g} on (the highest {100 * (1 - low_share):.0f} %)"
    return f"from {low:.4g} to {high:.4g}"
