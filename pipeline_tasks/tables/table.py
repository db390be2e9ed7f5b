"""Base of all tables: a name, a version, and a contract that is checked on every read and write."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import dataframely as dy
import polars as pl
from dataframely import DataFrame as Rows
from dataframely.exc import SchemaError, ValidationError

from pipeline_tasks.errors import TableContractError
from pipeline_tasks.upgrades.form import Change, Form

__all__ = ["DEFAULT", "DIGEST", "Rows", "Table", "check", "empty", "form_of", "upgraded_rows", "with_defaults"]

DIGEST = r"^[0-9a-f]{64}$"
"""A sha256 in hexadecimal."""
DEFAULT = "default"
"""Key of a column's `metadata`: its value in rows that were written before the column existed. Without it they hold null."""


class Table(dy.Schema):
    """One kind of row. `Rows[Image]` in a signature means: checked rows of this table."""

    table_name: ClassVar[str]
    changes: ClassVar[tuple[Change[pl.DataFrame], ...]] = ()
    """From version 1 of its columns to 2, from 2 to 3, and so on."""
    superseded_by_key: ClassVar[tuple[str, ...] | None] = None
    """Columns under which a later cycle's rows replace earlier ones in the project's state; None: rows only add up."""
    max_compacted_rows: ClassVar[int] = 250_000
    """Maximum number of rows of earlier nights in one object."""


T = TypeVar("T", bound=Table)


def check(table: type[T], rows: pl.DataFrame) -> Rows[T]:
    """Cast rows to their table's types and check its rules; columns come back in the contract's order.

    Raises:
        TableContractError: names the table, the rules broken and how often.
    """
    try:
        return table.validate(rows, cast=True)
    except (SchemaError, ValidationError, pl.exceptions.PolarsError) as error:
        raise TableContractError(f"table {table.table_name}: {error}") from error


def form_of(table: type[Table]) -> Form[pl.DataFrame]:
    """The persisted form of a table."""
    return Form(f"table {table.table_name}", table.changes)


def upgraded_rows(table: type[Table], rows: pl.DataFrame, version: int, release: str | None, where: str) -> pl.DataFrame:
    """Rows of any older version with today's columns; they are still to be checked.

    Raises:
        NewerFormError: a later Nightlens wrote them.
        TableContractError: a new column has no default, may not be null, and no step gives it.
    """
    rows = form_of(table).upgraded(rows, version, release, where)
    added = {name: column for name, column in table.columns().items() if name not in rows.columns}
    without = [name for name, column in added.items() if not column.nullable and DEFAULT not in (column.metadata or {})]
    if without:
        raise TableContractError(
            f"{where}: table {table.table_name} has no column {', '.join(without)}: give a new column a default in its metadata, "
            "make it nullable, or add a step to pipeline_tasks/upgrades"
        )
    return with_defaults(table, rows)


def with_defaults(table: type[Table], rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the columns that they lack, each with its default or null."""
    added = {name: column for name, column in table.columns().items() if name not in rows.columns}
    return rows.with_columns(
        pl.lit((column.metadata or {}).get(DEFAULT), dtype=column.dtype).alias(name) for name, column in added.items()
    )


def empty(table: type[T]) -> Rows[T]:
    """No rows, with the right columns."""
    return table.create_empty()
