"""The rows of a table in as few objects as possible: files of many nights put together, columns and rows as they are asked for.

A compacted object is a cache. Its name digests the table's columns and the digests of the files that it holds, so one that is
missing is made again by whoever reads, one of files that an erasure replaced is never found, and a look into the past finds only
what was known then. Of a table whose rows are superseded by key it holds only the newest rows.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import polars as pl

from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.compacted_objects import Compacting
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.spans import spans
from pipeline_tasks.storage.tables.table_files import TableFile, decode, read_table
from pipeline_tasks.tables.table import Rows, Table, form_of

_FORM = 1
"""Bump when what a compacted object holds changes."""
_ROW_GROUP_ROWS = 65_536
T = TypeVar("T", bound=Table)
Files = Sequence[TableFile]


@dataclass(frozen=True)
class Wanted:
    """Requested columns and rows of a table."""

    columns: Sequence[str] | None = None
    """None: all."""
    rows: pl.Expr | None = None
    """None: all."""

    def of(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The given part of some rows."""
        found = rows if self.rows is None else rows.filter(self.rows)
        return found if self.columns is None else found.select(self.columns)


EVERYTHING = Wanted()


def keys_in_use(table: type[Table], files: Files) -> list[str]:
    """The keys of all compacted objects that a reader of these files would look for."""
    held = _with_rows(files)
    return [_key(table, held[start:end]) for start, end in _spans(table, held) if end - start > 1]


@dataclass
class TableReader:
    """Reads tables of one root."""

    objects: ObjectStore
    standing: Callable[[type[Table]], Files] | None
    """The files of a table as of now: objects made of others are deleted. None makes nothing."""
    _checked: set[str] = field(default_factory=set)
    """Keys of objects that this reader has found whole."""

    def pieces(self, table: type[Table], files: Files, wanted: Wanted = EVERYTHING) -> Iterator[pl.DataFrame]:
        """The wanted part of all rows in ledger order, an object at a time; of superseded rows within one object only the newest.

        Raises:
            CorruptObjectError: a file's bytes are not those its event names.
        """
        held = _with_rows(files)
        for start, end in _spans(table, held):
            yield self._piece(table, held[start:end], wanted)

    def file(self, table: type[T], file: TableFile) -> Rows[T]:
        """One file's rows; its digest and the table's contract are checked the first time only.

        Raises:
            CorruptObjectError: its bytes are not those its event names.
            TableContractError: another table, or rows that break the contract.
        """
        if file.key in self._checked:
            return decode(table, self.objects.read(file.key).content, file.key, is_checked=True)
        rows = read_table(self.objects, table, file)
        self._checked.add(file.key)
        return rows

    def _piece(self, table: type[Table], files: Files, wanted: Wanted) -> pl.DataFrame:
        if len(files) == 1:
            return wanted.of(self.file(table, files[0]).lazy()).collect()
        return wanted.of(pl.scan_parquet(io.BytesIO(self._compacting(table).content(files)))).collect()

    def _compacting(self, table: type[Table]) -> Compacting[TableFile, pl.DataFrame]:
        standing = self.standing

        def still_stand(files: Files) -> bool:
            assert standing is not None
            return {file.key for file in files} <= {file.key for file in standing(table)}

        return Compacting(
            self.objects,
            layout.compacted(table.table_name, ""),
            key_of=partial(_key, table),
            read=partial(self.file, table),
            put_together=lambda pieces: pl.concat(newest(pieces, table.superseded_by_key)),
            encode=partial(_as_parquet, table),
            decode=lambda content: pl.read_parquet(io.BytesIO(content)),
            still_stand=None if standing is None else still_stand,
            checked=self._checked,
        )


def newest(pieces: Sequence[pl.DataFrame], key: Sequence[str] | None) -> list[pl.DataFrame]:
    """Pieces in ledger order without the rows whose key stands in a later piece."""
    if key is None:
        return list(pieces)
    left: list[pl.DataFrame] = []
    later = None
    for piece in reversed(pieces):
        left.append(piece if later is None else piece.join(later, on=key, how="anti", maintain_order="left"))
        later = piece.select(key) if later is None else pl.concat([later, left[-1].select(key)])
    return left[::-1]


def _with_rows(files: Files) -> Files:
    return [file for file in files if file.rows]


def _spans(table: type[Table], files: Files) -> list[tuple[int, int]]:
    return spans([file.rows for file in files], table.max_compacted_rows)


def _key(table: type[Table], files: Files) -> str:
    columns = {name: str(kind) for name, kind in table.create_empty().schema.items()}
    made_of = {"form": _FORM, "version": form_of(table).version, "columns": columns, "key": table.superseded_by_key}
    made_of["files"] = [file.sha256 for file in files]
    return layout.compacted(table.table_name, hashlib.sha256(json.dumps(made_of).encode()).hexdigest())


def _as_parquet(table: type[Table], rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    marks = {"nightlens_table": table.table_name, "nightlens_compacted": str(_FORM)}
    rows.write_parquet(buffer, compression="zstd", row_group_size=_ROW_GROUP_ROWS, metadata=marks)
    return buffer.getvalue()
