"""Tables as Parquet files, checked against their contract and marked with name and version; any tool can read them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict, dataclass
from typing import TypeVar

import polars as pl

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError, TableContractError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.tables.table import Rows, Table, check, form_of, upgraded_rows
from pipeline_tasks.upgrades.form import Form

T = TypeVar("T", bound=Table)
_TABLE, _VERSION, _RELEASE = "nightlens_table", "nightlens_version", "nightlens_release"
"""Keys in the Parquet metadata."""


@dataclass(frozen=True)
class TableFile:
    """A table file, as named in a ledger event."""

    table: str
    cycle_id: str
    key: str
    sha256: str
    rows: int

    def as_json(self) -> dict[str, str | int]:
        """The fields, for an event."""
        return asdict(self)


def write_table(objects: ObjectStore, table: type[T], cycle_id: str, rows: pl.DataFrame) -> TableFile:
    """Check rows and write them under the digest of their content; the same rows always give the same file.

    Raises:
        TableContractError: the rows break the contract.
    """
    content = encode(table, rows)
    sha256 = hashlib.sha256(content).hexdigest()
    key = layout.table(table.table_name, cycle_id, sha256)
    try:
        with around("table.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        verify(objects, TableFile(table.table_name, cycle_id, key, sha256, rows.height))
    return TableFile(table.table_name, cycle_id, key, sha256, rows.height)


def read_table(objects: ObjectStore, table: type[T], file: TableFile) -> Rows[T]:
    """Read a table file that an event names, verified.

    Raises:
        CorruptObjectError: the bytes do not have the event's digest.
        TableContractError: another table, or rows that break the contract.
    """
    return decode(table, verify(objects, file), file.key)


def verify(objects: ObjectStore, file: TableFile) -> bytes:
    """Return the file's bytes if they have the event's digest.

    Raises:
        CorruptObjectError: they do not.
    """
    content = objects.read(file.key).content
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise CorruptObjectError(f"{file.key}: wanted sha256 {file.sha256}, found {found}")
    return content


def write_shard(objects: ObjectStore, table: type[T], cycle_id: str, shard: int, rows: pl.DataFrame) -> None:
    """Write one shard's output, replacing only the object that existed when this call began.

    Raises:
        ChangedMeanwhileError: another try of the same shard was faster; retrying is safe.
    """
    key, content = layout.shard(table.table_name, cycle_id, shard), encode(table, rows)
    try:
        standing = objects.read(key)
    except NotFoundError:
        with around("part.put"):
            objects.write_new(key, content)
        return
    if standing.content != content:
        with around("part.replace"):
            objects.replace(key, content, standing.etag)


def write_shard_once(objects: ObjectStore, table: type[T], cycle_id: str, shard: int, rows: pl.DataFrame) -> Rows[T]:
    """Write one shard's output unless there is one, and return the one that stands."""
    key, content = layout.shard(table.table_name, cycle_id, shard), encode(table, rows)
    try:
        with around("part.put_once"):
            objects.write_new(key, content)
    except AlreadyThereError:
        content = objects.read(key).content
    return decode(table, content, key)


def read_shard(objects: ObjectStore, table: type[T], cycle_id: str, shard: int) -> Rows[T]:
    """Read one shard's output.

    Raises:
        NotFoundError: the shard has not been processed.
    """
    key = layout.shard(table.table_name, cycle_id, shard)
    return decode(table, objects.read(key).content, key)


def encode(table: type[T], rows: pl.DataFrame) -> bytes:
    """Check rows and return them as Parquet; the same rows give the same bytes."""
    buffer = io.BytesIO()
    check(table, rows).write_parquet(buffer, compression="zstd", metadata=_marks(form_of(table), table.table_name))
    return buffer.getvalue()


def decode(table: type[T], content: bytes, where: str, *, is_checked: bool = False) -> Rows[T]:
    """Read Parquet of this table, in the current version or an older one. `is_checked`: these very bytes were before.

    Raises:
        TableContractError: it is another table, or its rows break the contract.
        NewerFormError: a later Nightlens wrote it.
    """
    marks = pl.read_parquet_metadata(io.BytesIO(content))
    if marks.get(_TABLE) != table.table_name:
        raise TableContractError(f"{where}: wanted table {table.table_name}, found {marks.get(_TABLE)}")
    rows = pl.read_parquet(io.BytesIO(content))
    rows = upgraded_rows(table, rows, int(marks.get(_VERSION, 1)), marks.get(_RELEASE), where)
    return table.cast(rows) if is_checked else check(table, rows)


def _marks(form: Form[pl.DataFrame], table_name: str) -> dict[str, str]:
    """The file's metadata. From version 2 on it names the release, for readers that do not know the version yet."""
    marks = {_TABLE: table_name, _VERSION: str(form.version)}
    return marks if form.version == 1 else marks | {_RELEASE: form.release}
