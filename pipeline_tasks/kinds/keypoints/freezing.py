"""Labels that a version of images with keypoints may hold."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class KeypointFreezing:
    """Labels whose things are all of these classes, and images without one."""

    class_names: tuple[str, ...]
    keeps_objects: bool = True
    keeps_empty: bool = True

    @property
    def is_known(self) -> pl.Expr:
        """False for a class that is not in the list (any more)."""
        return pl.col("class_name").is_in(list(self.class_names)) & pl.col("class_name").is_not_null()
