"""Compute new columns for images of earlier nights, in a cycle of its own kind: a limited number of images per cycle, in pieces.

A finished piece survives a kill; the event at the end makes all pieces rows that supersede the images' older ones.
Until then, and for images that no cycle has reached yet, the columns hold null.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from pipeline_tasks.decoding.stored_image import COLUMNS, StoredImage, stored_images
from pipeline_tasks.errors import ChangedMeanwhileError, NotFoundError
from pipeline_tasks.images.computed_columns import COMPUTED, Compute, Computed, Values, filled, lacking, nullable_columns
from pipeline_tasks.records.backfill import BackfillSummary
from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.storage.tables.table_files import read_shard, write_shard
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.table import Table
from pipeline_tasks.time_left import time_left

if TYPE_CHECKING:
    from pipeline_tasks.decoding.decoder import Decoder

STAGE = "backfill"
IMAGES_A_PIECE = 500
TRIES = 5

T = TypeVar("T", bound=Table)
logger = logging.getLogger(__name__)


def backfill(
    store: Store,
    opening: CycleOpening,
    decoder: Decoder,
    images_a_cycle: int,
    images_a_piece: int = IMAGES_A_PIECE,
    computed: Computed | None = None,
) -> BackfillSummary:
    """Fill missing values of the newest rows, for up to `images_a_cycle` images a table. The same call continues after a kill.

    Without anything to fill, no cycle is opened. `computed` of None means all computed columns.

    Raises:
        CycleTakenError: another run owns this cycle_id.
        NotFoundError, CorruptObjectError: an original is gone, or is not what it was.
        ChangedMeanwhileError: other stages kept ending meanwhile; a retry continues.
    """
    computed = COMPUTED if computed is None else computed
    summary = store.finished(check_cycle_id(opening.cycle_id), STAGE, BackfillSummary)
    if summary is None and not any(_count_lacking(store, table) for table in computed):
        return BackfillSummary("No image lacks a computed value.")
    cycle = open_manual_cycle(store, opening, STAGE)
    if summary is not None:
        return summary
    then = PastStore(store.objects, store.state().stages[cycle.cycle_id]["open_cycle"])
    pieces = {}
    for table, compute in computed.items():
        work = _Work(store, then, cycle.cycle_id, decoder, compute)
        pieces[table] = work.pieces(table, images_a_cycle, images_a_piece)
    return _recorded(store, cycle.cycle_id, pieces)


class _Work:
    """Everything that a piece needs."""

    def __init__(self, store: Store, then: Store, cycle_id: str, decoder: Decoder, compute: Compute) -> None:
        self._store, self._then, self._cycle_id = store, then, cycle_id
        self._decoder, self._compute = decoder, compute

    def pieces(self, table: type[T], images: int, images_a_piece: int) -> pl.DataFrame:
        """The filled rows of all pieces: those that stand, and those still to be computed."""
        planned = self._planned(table, images)
        done_pieces = list(self._standing(table))
        done = pl.concat([table.create_empty(), *done_pieces])
        todo = planned.join(done, on="image_id", how="anti", maintain_order="left")
        known = self._store.rows_of(Image, todo["image_id"], columns=COLUMNS)
        todo, stored = todo.join(known, on="image_id", how="semi", maintain_order="left"), stored_images(known.iter_rows())
        started, standing = time.monotonic(), done.height
        for number, piece in enumerate(todo.iter_slices(images_a_piece), start=len(done_pieces)):
            rows = self._filled(table, piece, stored)
            write_shard(self._store.objects, table, self._cycle_id, number, rows)
            done = pl.concat([done, rows])
            left = time_left(done.height - standing, planned.height - standing, time.monotonic() - started)
            logger.info("%s: %d of %d images filled%s", table.table_name, done.height, planned.height, left)
        return done.unique("image_id", keep="first", maintain_order=True).sort("image_id")

    def _planned(self, table: type[T], images: int) -> pl.DataFrame:
        """The rows that this cycle fills, the same in every try: the first ones that lacked a value when it was opened."""
        lack = lacking(table, self._then.current(table, ["image_id", *nullable_columns(table)]))
        return self._then.rows_of(table, lack["image_id"].sort().head(images)).sort("image_id")

    def _standing(self, table: type[T]) -> Iterator[pl.DataFrame]:
        """The pieces of an earlier try, in order."""
        number = 0
        while True:
            try:
                yield read_shard(self._store.objects, table, self._cycle_id, number)
            except NotFoundError:
                return
            number += 1

    def _filled(self, table: type[Table], rows: pl.DataFrame, stored: dict[str, StoredImage]) -> pl.DataFrame:
        """Decode the images of a piece in as many threads as keep the cores busy."""
        columns = nullable_columns(table)

        def values_of(image_id: str) -> tuple[str, Values]:
            original = read_original(self._store.objects, image_id, stored[image_id].md5)
            form = stored[image_id].form
            image = self._decoder.decode(original, form.small)
            return image_id, self._compute(image.pixels, columns, form.averaging(image.size_px))

        with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0)), thread_name_prefix=STAGE) as threads:
            return filled(table, rows, dict(threads.map(values_of, rows["image_id"])))


def _recorded(store: Store, cycle_id: str, pieces: dict[type[Table], pl.DataFrame]) -> BackfillSummary:
    """End in one event, right behind the state whose newest rows the pieces extend."""
    for left in reversed(range(TRIES)):
        seen = store.state().sequence
        writes: list[Write] = []
        lack: dict[str, int] = {}
        for table, rows in pieces.items():
            newest = _still_newest(table, rows, store.rows_of(table, rows["image_id"]))
            writes.append((table, newest))
            lack[table.table_name] = _count_lacking(store, table) - newest.height
        summary = BackfillSummary(None, {table.table_name: rows.height for table, rows in writes}, lack)
        try:
            return store.finish(cycle_id, STAGE, summary, writes, expected_sequence=seen)
        except ChangedMeanwhileError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _count_lacking(store: Store, table: type[Table]) -> int:
    """Images whose newest row lacks a value."""
    return lacking(table, store.current(table, ["image_id", *nullable_columns(table)])).height


def _still_newest(table: type[Table], rows: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Without rows of images that were erased or measured anew since they were read."""
    same = [name for name in rows.columns if name not in nullable_columns(table)]
    return rows.join(lacking(table, now).select(same), on=same, how="semi", nulls_equal=True, maintain_order="left")
