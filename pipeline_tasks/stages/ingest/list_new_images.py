"""Freeze the plan of the cycle: the new files of the sources, by shard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.new_file import NewFile
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import empty

if TYPE_CHECKING:
    from pipeline_tasks.sources.source import FoundFile, Source

STAGE = "list_new_images"

TROUBLES_OF_THE_SOURCE = ("vanished", "unreadable", "changed_while_reading")
"""Rejections that say nothing about the file's bytes; such a file is read again."""


def list_new_images(store: Store, cycle: Cycle, sources: Sequence[Source]) -> ListNewImagesSummary:
    """List the files that no earlier cycle has seen in their current state, and divide them into shards.

    Raises:
        ServiceUnavailableError: a source does not respond.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ListNewImagesSummary)
    if standing is not None:
        return standing
    seen = 0
    at_rest: list[tuple[str, FoundFile]] = []
    for source in sources:
        files = list(source.list_files())
        seen += len(files)
        at_rest += [(source.name, file) for file in files if source.is_at_rest(file, cycle.started_at)]
    settled, done = len(at_rest), _done(store, [file.key for _, file in at_rest])
    rows = [_row(name, file) for name, file in at_rest if (name, file.key, file.object_version) not in done]
    plan = _dealt_out(rows, cycle.project.shard_images)
    summary = ListNewImagesSummary(seen, plan.height, seen - settled, -(-plan.height // cycle.project.shard_images))
    return store.finish(cycle.cycle_id, STAGE, summary, [(NewFile, plan)])


def _done(store: Store, keys: Sequence[str]) -> set[tuple[str, str, str]]:
    """Those of the files with these keys that earlier cycles have handled: source, key and version of each."""
    columns = ["source", "key", "object_version"]
    seen = store.rows_of(Sighting, keys, "key", columns=columns)
    rejected = store.rows_of(RejectedSighting, keys, "key", columns=[*columns, "reason"])
    is_of_the_source = pl.col("reason").cast(pl.String).is_in(TROUBLES_OF_THE_SOURCE)
    return {*seen.rows(), *rejected.filter(~is_of_the_source).select(columns).rows()}


def _row(source: str, file: FoundFile) -> dict[str, object]:
    return {
        "source": source,
        "key": file.key,
        "object_version": file.object_version,
        "size_bytes": file.size_bytes,
        "modified_at": file.modified_at,
    }


def _dealt_out(rows: list[dict[str, object]], shard_images: int) -> pl.DataFrame:
    """Sort by source and key and assign shards, so that the same files are always in the same shards."""
    schema = {name: kind for name, kind in empty(NewFile).schema.items() if name != "shard"}
    plan = pl.DataFrame(rows, schema=schema).sort("source", "key")
    return plan.with_columns(shard=(pl.int_range(pl.len()) // shard_images).cast(pl.Int32))
