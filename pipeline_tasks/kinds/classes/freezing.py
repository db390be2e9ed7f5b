"""Labels that a version of classified images may hold."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class ClassFreezing:
    """Labels with one of these classes."""

    class_names: tuple[str, ...]
    keeps_objects: bool = False
    keeps_empty: bool = False

    @property
    def is_known(self) -> pl.Expr:
        """False without a class, and for a class that is not in the list (any more)."""
        return pl.col("class_name").is_in(list(self.class_names)) & pl.col("class_name").is_not_null()
