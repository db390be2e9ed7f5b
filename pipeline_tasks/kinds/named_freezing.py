"""Labels that a version may hold, for kinds whose objects have one of a list of names."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.name_changes import NAME_COLUMN


@dataclass(frozen=True)
class NamedFreezing:
    """Labels whose objects all have one of these names, and images without an object."""

    names: tuple[str, ...]
    keeps_objects: bool = True
    keeps_empty: bool = True

    @property
    def is_known(self) -> pl.Expr:
        """False without a name, and for a name that is not in the list (any more)."""
        return pl.col(NAME_COLUMN).is_in(list(self.names)) & pl.col(NAME_COLUMN).is_not_null()
