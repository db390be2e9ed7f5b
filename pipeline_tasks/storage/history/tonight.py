"""Files of the sources that one night found changed, and what files have held in the order of time."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import Table, empty

_SEEN = ["source", "key", "image_id"]
_SAYS_NOTHING = ["vanished", "unreadable", "changed_while_reading"]
"""Reasons of rejection that say nothing about the file's bytes."""


@dataclass(frozen=True)
class ChangedTonight:
    """Files that a night has read, missed for the first time, or found again."""

    files: pl.DataFrame
    """`source`, `key`, `is_back`."""
    no_images: pl.DataFrame
    """Those whose bytes are no image now: `source`, `key`, and a null `image_id`."""


def changed_tonight(store: Store, cycle_id: str) -> ChangedTonight:
    """Files that changed by the tables of one cycle; none if it has not recorded its images."""
    missing = _rows(store, MissingFile, cycle_id).select("source", "key", is_back=~pl.col("is_missing"))
    read = _rows(store, Sighting, cycle_id).select("source", "key")
    rejected = _rows(store, RejectedSighting, cycle_id)
    rejected = rejected.filter(~pl.col("reason").cast(pl.String).is_in(_SAYS_NOTHING)).select("source", "key")
    files = pl.concat([read, rejected]).with_columns(is_back=pl.lit(value=False))
    return ChangedTonight(pl.concat([files, missing]), rejected.with_columns(image_id=pl.lit(None, pl.String)))


def seen_of(store: Store, image_ids: pl.Series) -> pl.DataFrame:
    """All sightings of each file that has ever held one of these images: `source`, `key`, `image_id`, in the order of time."""
    files = store.rows_of(Sighting, image_ids, columns=_SEEN).select("source", "key").unique()
    return (
        store.rows_of(Sighting, files["key"], "key", columns=_SEEN)
        .select(_SEEN)
        .join(files, on=["source", "key"], how="semi", maintain_order="left")
    )


def _rows(store: Store, table: type[Table], cycle_id: str) -> pl.DataFrame:
    return store.read(table, cycle_id) if store.has(table, cycle_id) else empty(table)
