"""What all tables share: a name, a version, and a contract that is checked on every read and write."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import dataframely as dy
import polars as pl
from dataframely import DataFrame as Rows
from dataframely.exc import ValidationError

from pipeline_tasks.errors import TableContractError

__all__ = ["DIGEST", "Rows", "Table", "check", "empty"]

DIGEST = r"^[0-9a-f]{64}$"
"""A sha256 in hexadecimal."""


class Table(dy.Schema):
    """One kind of row. `Rows[Image]` in a signature means: checked rows of this table."""

    table_name: ClassVar[str]
    version: ClassVar[int] = 1
    superseded_by_key: ClassVar[tuple[str, ...] | None] = None
    """Columns under which a later cycle's rows replace earlier ones in the project's state; None: rows only add up."""


T = TypeVar("T", bound=Table)


def check(table: type[T], rows: pl.DataFrame) -> Rows[T]:
    """Cast rows to their table's types and check its rules; columns come back in the contract's order.

    Raises:
        TableContractError: names the table, the rules broken and how often.
    """
    try:
        return table.validate(rows, cast=True)
    except (ValidationError, pl.exceptions.PolarsError) as error:
        raise TableContractError(f"table {table.table_name}: {error}") from error


def empty(table: type[T]) -> Rows[T]:
    """No rows, with the right columns."""
    return table.create_empty()
