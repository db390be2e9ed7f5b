"""The part of a label kind that a dataset version uses when it is frozen."""

from __future__ import annotations

from typing import Protocol

import polars as pl


class Freezing(Protocol):
    """Labels that a version may hold."""

    @property
    def is_known(self) -> pl.Expr:
        """Over the columns of label objects: False for one with a name that the project no longer has; its image is left out."""
        ...

    @property
    def keeps_objects(self) -> bool:
        """Return True if a label is more than its name, so that a version keeps the labels' objects beside its manifest.

        Rows of a version then have the column `objects` (a list of rows of `dataset_objects`); those that targets are made of also
        have the images' `width_px` and `height_px`.
        """
        ...

    @property
    def keeps_empty(self) -> bool:
        """Return True if images in which nothing is there are part of a version."""
        ...
