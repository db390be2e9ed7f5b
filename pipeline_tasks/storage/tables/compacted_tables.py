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
from typing import TypeVar

import polars as pl

from pipeline_tasks.errors import AlreadyThereError, NotFoundError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.self_checked import with_digest, without_digest
from pipeline_tasks.storage.tables.spans import parts_of, spans
from pipeline_tasks.storage.tables.table_files import TableFile, decode, read_table
from pipeline_tasks.tables.table import Rows, Table, form_of

_FORM = 1
"""Bump when what a compacted object holds changes."""
_ROW_GROUP_ROWS = 65_536
T = TypeVar("T", bound=Table)
Files = Sequence[TableFile]


@dataclass(frozen=True)
class Wanted:
    """The part of a table that somebody asks for."""

    columns: Sequence[str] | None = None
    """None: all."""
    rows: pl.Expr | None = None
    """None: all."""

    def of(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """That part of some rows."""
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
    """The files of a table as of now: what was made of others is let go of. None: make nothing."""
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
        content = self._read(_key(table, files)) or self._make(table, files)
        return wanted.of(pl.scan_parquet(io.BytesIO(content))).collect()

    def _read(self, key: str) -> bytes | None:
        """A compacted object's content; None if it is not there, or no longer whole."""
        try:
            stored = self.objects.read(key).content
        except NotFoundError:
            return None
        content = without_digest(stored, key, is_known=key in self._checked)
        if content is None:
            with around("compacted.drop_broken"):
                self.objects.delete(key)
            return None
        self._checked.add(key)
        return content

    def _make(self, table: type[Table], files: Files) -> bytes:
        """Put files together and keep the result, unless an erasure has replaced one of them meanwhile."""
        key, there = _key(table, files), set(self.objects.list(layout.compacted(table.table_name, "")))
        content = _as_parquet(table, self._merged(table, files, there))
        if self.standing is None:
            return content
        try:
            with around("compacted.put"):
                self.objects.write_new(key, with_digest(content, key))
        except AlreadyThereError:
            return content
        # Behind the write: an erasure either sees this object, or is seen here.
        if not {file.key for file in files} <= {file.key for file in self.standing(table)}:
            with around("compacted.drop_stale"):
                self.objects.delete(key)
        return content

    def _merged(self, table: type[Table], files: Files, there: set[str]) -> pl.DataFrame:
        """The rows of some files, from what was put together before as far as that stands."""
        parts = []
        for start, end in parts_of(len(files)):
            some = files[start:end]
            content = self._read(_key(table, some)) if len(some) > 1 and _key(table, some) in there else None
            if content is not None:
                parts.append(pl.read_parquet(io.BytesIO(content)))
            else:
                parts.append(self.file(table, some[0]) if len(some) == 1 else self._merged(table, some, there))
        return pl.concat(newest(parts, table.superseded_by_key))


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
