"""Points of all classes in one row, as a head finds them: those of the first class, then those of the second, and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class PointLayout:
    """Order of the points of these classes."""

    points: Mapping[str, Sequence[str]]
    """Class → its points, in order."""

    @property
    def count(self) -> int:
        """Number of points of all classes."""
        return sum(len(points) for points in self.points.values())

    def of_class(self, class_name: str) -> slice:
        """Places of a class's points in the row."""
        names = list(self.points)
        first = sum(len(self.points[name]) for name in names[: names.index(class_name)])
        return slice(first, first + len(self.points[class_name]))

    @property
    def class_numbers(self) -> npt.NDArray[np.int64]:
        """Number of the class of each point."""
        return np.repeat(np.arange(len(self.points)), [len(points) for points in self.points.values()])

    def mirrored(self, pairs: Mapping[str, Sequence[Sequence[str]]]) -> npt.NDArray[np.int64]:
        """For each place in the row, the place of the point that is there in a mirror; `pairs` says which change by class."""
        order = np.arange(self.count)
        for class_name, swapped in pairs.items():
            first, names = self.of_class(class_name).start, list(self.points[class_name])
            for one, other in swapped:
                here, there = first + names.index(one), first + names.index(other)
                order[here], order[there] = there, here
        return order
