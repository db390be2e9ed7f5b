"""Labels that a version of images with texts may hold."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class TextFreezing:
    """All labels, and images in which nothing is written."""

    keeps_objects: bool = True
    keeps_empty: bool = True

    @property
    def is_known(self) -> pl.Expr:
        """True: a text has no name that could be unknown."""
        return pl.lit(True)
