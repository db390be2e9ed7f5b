"""Record of a call of one of imgaug's augmenters, as it stands in a file."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Argument:
    """One argument; a positional one has its position as name, `0`."""

    name: str
    value: object


@dataclass(frozen=True)
class Call:
    """One augmenter with the arguments that could be read."""

    name: str
    line: int
    arguments: tuple[Argument, ...]
    chance: float
    """Share of the images that reach it."""

    def of(self, name: str, position: int | None, usual: object) -> object:
        """An argument by its name or position, or its default."""
        values = {one.name: one.value for one in self.arguments}
        found = values.get(name, values.get(str(position)))
        return usual if found is None else found


def range_of(value: object) -> Range | None:
    """Least and greatest value of an argument: a number, a pair of bounds, a list of choices, or of x and y; None otherwise."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value), float(value)
    values = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    ranges = [range_of(one) for one in values]
    known = [one for one in ranges if one is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known and len(known) == len(ranges) else None
