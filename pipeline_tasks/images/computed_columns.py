"""Tables whose columns follow from an image's pixels alone, and can therefore be filled for images of earlier nights.

A new measurement is a function in the registry `MEASUREMENTS`, and a nullable column of the table: new images get it as they
are measured, and `backfill` computes it for all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.measurements.averaging import Averaging
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.table import Table

Values = Mapping[str, float | int | str | None]
"""Column → value of one image; no value is None."""
Compute = Callable[[NDArray[np.uint8], Sequence[str], Averaging], Values]
"""Canonical pixels (height x width x 3, uint8 RGB), columns, and what is averaged first of larger images → the columns' values."""
Computed = Mapping[type[Table], Compute]


def _measured(pixels: NDArray[np.uint8], columns: Sequence[str], averaging: Averaging) -> Values:
    return measure(pixels, columns, averaging=averaging)


COMPUTED: Computed = {Measurement: _measured}
"""Each table has one row an image, and names `image_id` as the key under which newer rows supersede older ones."""


def nullable_columns(table: type[Table]) -> list[str]:
    """The columns that may lack a value."""
    return [name for name, column in table.columns().items() if column.nullable]


def lacking(table: type[Table], rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that lack a value in a nullable column."""
    columns = nullable_columns(table)
    return rows.filter(pl.any_horizontal(pl.col(columns).is_null())) if columns else rows.clear()


def filled(table: type[Table], rows: pl.DataFrame, computed: Mapping[str, Values]) -> pl.DataFrame:
    """The rows with a value in each column that lacked it; values that are there stay. `computed`: image_id → column → value."""
    columns = nullable_columns(table)
    found = pl.DataFrame(
        {"image_id": list(computed), **{name: [row[name] for row in computed.values()] for name in columns}},
        schema={"image_id": pl.String, **{name: table.columns()[name].dtype for name in columns}},
    )
    joined = rows.join(found, on="image_id", how="inner", suffix="_computed", maintain_order="left")
    given = [pl.coalesce(name, f"{name}_computed").alias(name) for name in columns]
    return joined.with_columns(given).select(rows.columns)
