"""Rows of a table about some images, each with the cycle that wrote it and its event's sequence number.

Reads every file of the table, which costs O(project): for tools, not for stages.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import events as ledger
from pipeline_tasks.storage.tables.table_files import TableFile, read_table
from pipeline_tasks.tables.table import Table


def rows_about(store: Store, table: type[Table], image_ids: Collection[str], column: str = "image_id") -> pl.DataFrame:
    """The table's rows whose `column` is one of the ids, in ledger order, with `written_in` (a cycle_id) and `sequence`."""
    wanted = pl.DataFrame({column: sorted(image_ids)}, schema={column: pl.String})
    empty = table.create_empty().with_columns(
        written_in=pl.lit(None, pl.String).cast(pl.String), sequence=pl.lit(None, pl.Int64).cast(pl.Int64)
    )
    found = [empty]
    for file in store.files(table):
        rows = read_table(store.objects, table, file).join(wanted, on=column, how="semi", maintain_order="left")
        if rows.height:
            found.append(rows.with_columns(written_in=pl.lit(file.cycle_id), sequence=pl.lit(_sequence_of(store, file), pl.Int64)))
    return pl.concat(found)


def _sequence_of(store: Store, file: TableFile) -> int:
    """Sequence number of the event that names a file."""
    standing = store.state().standing
    for sequence in store.state().stages[file.cycle_id].values():
        if any(standing(one).key == file.key for one in ledger.read_event(store.objects, sequence).tables):
            return sequence
    raise AssertionError(f"{file.key}: the state names it, so one of its cycle's events does")
