"""One requirement of a project, and what there is of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """Wanted labelled images of one sort, and those that there are."""

    about: str
    """`images`, `class`, `site`, `device`, `light`, or `slice` for images like those of a found slice."""
    value: str
    """Empty for `images`."""
    wanted: int
    labelled: int
    unlabelled: int | None
    """Images of this sort that no one has labelled yet; None for a class, which nobody knows."""

    @property
    def short(self) -> int:
        """Number of labelled images that are missing."""
        return max(0, self.wanted - self.labelled)

    @property
    def name(self) -> str:
        """`site hall_b`, or `images`."""
        return f"{self.about} {self.value}".rstrip()
