"""The part of a label kind that a dataset version uses when it is frozen."""

from __future__ import annotations

from typing import Protocol

import polars as pl


class Freezing(Protocol):
    """Labels that a version may hold."""

    @property
    def is_known(self) -> pl.Expr:
        """Over the columns of a manifest: False for a label with a name that the project no longer has."""
        ...
