"""Freeze the plan of the cycle: the new files of the sources, by shard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    seen = settled = 0
    rows: list[dict[str, object]] = []
    done = _done(store)
    for source in sources:
        files = list(source.list_files())
        at_rest = [file for file in files if source.is_at_rest(file, cycle.started_at)]
        seen, settled = seen + len(files), settled + len(at_rest)
        rows += _rows(source.name, (file for file in at_rest if (source.name, file.key, file.object_version) not in done))
    plan = _dealt_out(rows, cycle.project.shard_images)
    summary = ListNewImagesSummary(seen, plan.height, seen - settled, -(-plan.height // cycle.project.shard_images))
    return store.finish(cycle.cycle_id, STAGE, summary, [(NewFile, plan)])


def _done(store: Store) -> set[tuple[str, str, str]]:
    """Files that earlier cycles have handled: source, key and version of each."""
    key = ["source", "key", "object_version"]
    rejected = store.history(RejectedSighting).filter(~pl.col("reason").cast(pl.String).is_in(TROUBLES_OF_THE_SOURCE))
    return set(store.history(Sighting).select(key).rows()) | set(rejected.select(key).rows())


def _rows(source: str, files: Iterable[FoundFile]) -> list[dict[str, object]]:
    return [
        {
            "source": source,
            "key": file.key,
            "object_version": file.object_version,
            "size_bytes": file.size_bytes,
            "modified_at": file.modified_at,
        }
        for file in files
    ]


def _dealt_out(rows: list[dict[str, object]], shard_images: int) -> pl.DataFrame:
    """Sort by source and key and assign shards, so that the same files are always in the same shards."""
    schema = {name: kind for name, kind in empty(NewFile).schema.items() if name != "shard"}
    plan = pl.DataFrame(rows, schema=schema).sort("source", "key")
    return plan.with_columns(shard=(pl.int_range(pl.len()) // shard_images).cast(pl.Int32))
