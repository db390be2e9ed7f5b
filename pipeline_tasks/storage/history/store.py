"""Store: a project's root for stages, with tables by cycle, one event a stage, and the project's state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar, overload

import polars as pl

from pipeline_tasks.errors import ChangedMeanwhileError, MissingStageError
from pipeline_tasks.process import writers_of
from pipeline_tasks.records.project_state import Change, changes_as_json
from pipeline_tasks.records.reading import StageRecord
from pipeline_tasks.storage.ledger import events as ledger
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.ledger.collection_marks import has_seen_a_collection, secure
from pipeline_tasks.storage.ledger.generation import read_generation
from pipeline_tasks.storage.ledger.replacement import Replaced
from pipeline_tasks.storage.ledger.stage_events import read_stage_events
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables import table_files
from pipeline_tasks.storage.tables.compacted_tables import TableReader, Wanted, newest
from pipeline_tasks.storage.tables.table_files import TableFile
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.tables.table import Rows, Table, empty

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound=Table)
Recorded = TypeVar("Recorded", bound=StageRecord)
S = TypeVar("S", bound="DataclassInstance")
"""Summary type of a stage: a frozen dataclass of JSON-able fields."""
Write = tuple[type[Table], pl.DataFrame]


class Store:
    """One project's root. Keeps the folded state, so that each call reads only newer events."""

    def __init__(self, objects: ObjectStore) -> None:
        """Read and write through this object store."""
        self.objects = objects
        self._state: state.State | None = None
        self._erasures_at_start: int | None = None
        self._checked_events: set[str] = set()
        self._reader = TableReader(objects, self.files)

    def state(self) -> state.State:
        """The project's current state. Do not change it."""
        self._state = state.read_state(self.objects) if self._state is None else state.catch_up(self.objects, self._state)
        return self._state

    def event(self, cycle_id: str, stage: str) -> ledger.Event | None:
        """The event of a cycle's stage; None if it has not been done."""
        sequence = self.state().stages.get(cycle_id, {}).get(stage)
        return None if sequence is None else ledger.read_event(self.objects, sequence)

    def events_of(self, stage: str) -> dict[str, ledger.Event]:
        """cycle_id → event of every cycle that has done the stage, in the order in which the cycles were opened."""
        generation, keeps = read_generation(self.objects), self._reader.standing is not None
        found = read_stage_events(self.objects, self.state(), stage, generation, self._checked_events, keeps=keeps)
        by_cycle = {event.cycle_id: event for event in found}
        return {cycle_id: by_cycle[cycle_id] for cycle_id in self.state().stages if cycle_id in by_cycle}

    def summaries(self, kind: type[Recorded]) -> dict[str, Recorded]:
        """cycle_id → what every cycle that has done the stage recorded, as `events_of`."""
        return {cycle_id: event.read(kind) for cycle_id, event in self.events_of(kind.stage).items()}

    def event_at(self, sequence: int) -> ledger.Event:
        """The event with this number.

        Raises:
            NotFoundError: there is none.
        """
        return ledger.read_event(self.objects, sequence)

    def summary(self, cycle_id: str, kind: type[Recorded]) -> Recorded:
        """The record of an earlier stage of the cycle.

        Raises:
            MissingStageError: it has not been done.
        """
        found = self.find_summary(cycle_id, kind)
        if found is None:
            raise MissingStageError(f"cycle {cycle_id}: the stage {kind.stage} has not been done yet; run it first")
        return found

    def find_summary(self, cycle_id: str, kind: type[Recorded]) -> Recorded | None:
        """The record of a stage of the cycle; None if it has not been done."""
        event = self.event(cycle_id, kind.stage)
        return None if event is None else event.read(kind)

    def finished(self, cycle_id: str, stage: str, summary_type: type[S]) -> S | None:
        """The recorded summary of a completed stage, with its tables verified; None if it has not been done.

        Raises:
            CorruptObjectError: a table that its event names was changed.
        """
        event = self.event(cycle_id, stage)
        self._erasures_at_start = len(self.files(ErasedImage))
        if event is None:
            return None
        for file in event.tables:
            table_files.verify(self.objects, self.state().standing(file))
        return event.read(summary_type)

    def finish(
        self,
        cycle_id: str,
        stage: str,
        summary: S,
        writes: Sequence[Write] = (),
        sets: Sequence[Change] = (),
        replaced: Replaced | None = None,
        expected_sequence: int | None = None,
    ) -> S:
        """Write a stage's tables and end it in one event; a second writer gets the first one's summary.

        `replaced` is set by an erasure; `expected_sequence` is the number of the event that must still be the newest.

        Raises:
            TableContractError: rows break their table's contract; nothing was recorded.
            StorageError: an object that the event names was collected meanwhile, and is no longer in the trash either.
            ChangedMeanwhileError: an image was erased since the stage began, or an event was recorded after `expected_sequence`;
                nothing was recorded, the stage may be run again.
        """
        self.check_open(cycle_id, stage)
        tables = tuple(table_files.write_table(self.objects, table, cycle_id, rows) for table, rows in writes)
        return self.record(cycle_id, stage, summary, tables, sets, replaced, expected_sequence)

    def record(
        self,
        cycle_id: str,
        stage: str,
        summary: S,
        tables: tuple[TableFile, ...],
        sets: Sequence[Change] = (),
        replaced: Replaced | None = None,
        expected_sequence: int | None = None,
    ) -> S:
        """Like `finish`, for tables that are already written.

        Raises:
            StorageError, ChangedMeanwhileError: as there.
        """
        self.check_open(cycle_id, stage)
        fields: dict[str, Any] = json.loads(json.dumps(asdict(summary)))
        event = ledger.Event(0, cycle_id, stage, fields, tables, changes_as_json(sets), dict(replaced or {}))
        while stage not in (seen := self.state()).stages.get(cycle_id, {}):
            self._check_not_passed(cycle_id, stage, expected_sequence)
            if has_seen_a_collection(seen, cycle_id):
                secure(self.objects, event, seen)
            # Directly after the events that were checked: if another writer appends first, this number is taken.
            ledger.append_event(self.objects, replace(event, sequence=seen.sequence + 1))
        standing = ledger.read_event(self.objects, seen.stages[cycle_id][stage])
        if has_seen_a_collection(seen, cycle_id):
            secure(self.objects, standing, seen)
        return standing.read(type(summary))

    def check_open(self, cycle_id: str, stage: str) -> None:
        """Allow a stage to write; a store of the past refuses."""

    def read(self, table: type[T], cycle_id: str) -> Rows[T]:
        """Rows that one cycle added; several files of one cycle are joined in ledger order.

        Raises:
            MissingStageError: no stage of this cycle has written the table.
        """
        self.require(table, cycle_id)
        return self._read_files(table, [file for file in self.files(table) if file.cycle_id == cycle_id])

    def require(self, table: type[Table], cycle_id: str) -> None:
        """Check that a stage of this cycle has written the table; opens nothing.

        Raises:
            MissingStageError: none has.
        """
        if not self.has(table, cycle_id):
            missing = f"the stage that writes the table {table.table_name} has not been done yet"
            raise MissingStageError(f"cycle {cycle_id}: {missing}; run {' or '.join(writers_of(table.table_name))} first")

    def has(self, table: type[T], cycle_id: str) -> bool:
        """Return True if a stage of this cycle has written the table."""
        return any(file.cycle_id == cycle_id for file in self.files(table))

    @overload
    def history(self, table: type[T]) -> Rows[T]: ...
    @overload
    def history(self, table: type[T], columns: Sequence[str]) -> pl.DataFrame: ...
    def history(self, table: type[T], columns: Sequence[str] | None = None) -> Rows[T] | pl.DataFrame:
        """The rows of all cycles in ledger order, every row as it was written; only some columns where these are named.

        Of a table with `superseded_by_key` it opens every file that there is: a tool's way to read, not a stage's.
        """
        if table.superseded_by_key is None:
            return self.current(table) if columns is None else self.current(table, columns)
        rows = self.every_row(table)
        return rows if columns is None else rows.select(columns)

    def every_row(self, table: type[T]) -> Rows[T]:
        """As `history`, read off each file itself, in time and memory of the whole project; keeps nothing for later readers."""
        return self._read_files(table, self.files(table))

    @overload
    def current(self, table: type[T]) -> Rows[T]: ...
    @overload
    def current(self, table: type[T], columns: Sequence[str]) -> pl.DataFrame: ...
    def current(self, table: type[T], columns: Sequence[str] | None = None) -> Rows[T] | pl.DataFrame:
        """The project's newest rows: for a key in several files, only the rows of the last file.

        For tables without `superseded_by_key` this is `history`.
        """
        key = table.superseded_by_key
        needed = None if columns is None else list(dict.fromkeys([*columns, *(key or ())]))
        found = newest(list(self._reader.pieces(table, self.files(table), Wanted(needed))), key)
        return _put_together(table, found, columns)

    @overload
    def rows_of(self, table: type[T], names: Iterable[str], column: str = ...) -> Rows[T]: ...
    @overload
    def rows_of(self, table: type[T], names: Iterable[str], column: str = ..., *, columns: Sequence[str]) -> pl.DataFrame: ...
    def rows_of(
        self, table: type[T], names: Iterable[str], column: str = "image_id", *, columns: Sequence[str] | None = None
    ) -> Rows[T] | pl.DataFrame:
        """Those of the project's newest rows whose `column` holds one of these names, in ledger order."""
        key = table.superseded_by_key
        is_wanted = pl.col(column).is_in(pl.Series(values=list(names), dtype=pl.String).unique(maintain_order=True).implode())
        needed = None if columns is None else list(dict.fromkeys([*columns, *(key or ()), column]))
        # Rows of one key may name different images: then the newest are known only when all are.
        first = is_wanted if key is None or column in key else None
        found = newest(list(self._reader.pieces(table, self.files(table), Wanted(needed, first))), key)
        return _put_together(table, [piece.filter(is_wanted) for piece in found], columns)

    def known(self, table: type[Table], names: Iterable[str], column: str = "image_id") -> frozenset[str]:
        """Those of these names that stand in a column of the project's newest rows."""
        return frozenset(self.rows_of(table, names, column, columns=[column])[column])

    def count(self, table: type[Table]) -> int:
        """Number of rows that all cycles have written, without opening a file."""
        return sum(file.rows for file in self.files(table))

    def pieces(
        self, table: type[Table], columns: Sequence[str] | None = None, rows: pl.Expr | None = None
    ) -> Iterator[pl.DataFrame]:
        """Rows in ledger order, a part of the history at a time, for who cannot hold all of them.

        Of a table with `superseded_by_key` a key may still stand in several pieces.
        """
        yield from self._reader.pieces(table, self.files(table), Wanted(columns, rows))

    def files(self, table: type[T]) -> list[TableFile]:
        """Files of a table that events name, in ledger order."""
        return self.state().tables.get(table.table_name, [])

    def _check_not_passed(self, cycle_id: str, stage: str, expected_sequence: int | None) -> None:
        """Refuse results that a stage computed before an erasure or another event, as they may name erased images."""
        if expected_sequence is not None and self.state().sequence != expected_sequence:
            raise ChangedMeanwhileError(f"cycle {cycle_id}: another event came while {stage} worked; run it again")
        if self._erasures_at_start is not None and len(self.files(ErasedImage)) != self._erasures_at_start:
            raise ChangedMeanwhileError(f"cycle {cycle_id}: images were erased while {stage} worked; run it again")

    def _read_files(self, table: type[T], files: Sequence[TableFile]) -> Rows[T]:
        frames = [self._reader.file(table, file) for file in files]
        if not frames:
            return empty(table)
        # Checked files need no second check when joined, and keys may repeat between cycles.
        return table.cast(pl.concat(frames))


def _put_together(table: type[T], pieces: Sequence[pl.DataFrame], columns: Sequence[str] | None) -> Rows[T] | pl.DataFrame:
    """Checked pieces as one; their union needs no second check, and keys may repeat between cycles."""
    if columns is None:
        return table.cast(pl.concat(pieces)) if pieces else empty(table)
    return pl.concat([empty(table).select(columns), *(piece.select(columns) for piece in pieces)])
