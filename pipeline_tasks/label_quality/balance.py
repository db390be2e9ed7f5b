"""Labelled images by name, and those that a name lacks to have a least share of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Balance:
    """Labelled images of a project by the names that they show."""

    images: int
    by_name: Mapping[str, int]
    """Each name of the project, also those that no image shows; an image counts once for each."""
    least_share: float
    """Share of the images below which a name is short, less than 1."""

    @property
    def short(self) -> dict[str, int]:
        """Name below the least share → images that it lacks, if all further ones showed it; nothing without labelled images."""
        missing = {name: self._missing(count) for name, count in self.by_name.items()} if self.images else {}
        return {name: count for name, count in missing.items() if count > 0}

    @property
    def wanted(self) -> dict[str, int]:
        """Name below the least share → images that should show it."""
        return {name: self.by_name[name] + count for name, count in self.short.items()}

    def says(self) -> str:
        """A sentence on the names that are short; empty if none is."""
        few = ", ".join(f"{name} {self.by_name[name] / self.images:.1%} ({self.by_name[name]})" for name in self.short)
        if not few:
            return ""
        return f"Of {self.images} labelled images fewer than {self.least_share:g} (labeling.least_share) show: {few}."

    def _missing(self, count: int) -> int:
        # Rounded before ceil, as 0.1 * 30 is above 3.
        return ceil(round((self.least_share * self.images - count) / (1 - self.least_share), 6))
