"""Combine the shards' results, which adds the new images to the project."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import polars as pl

from pipeline_tasks.errors import MissingStageError, NotFoundError
from pipeline_tasks.re_embedding.earlier_images import not_yet_embedded
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.project_state import Engine
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.sources.changed_files import ChangedFiles, changed_files
from pipeline_tasks.storage.erasure.erased_images import is_erased_in
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.tables.table_files import read_shard
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import Table, empty

STAGE = "record_images"


def record_images(store: Store, cycle: Cycle) -> RecordImagesSummary:
    """Record images, sightings, rejected sightings, measurements and embeddings of all shards, each image once.

    Raises:
        MissingStageError: a shard of the frozen plan has not been measured.
    """
    standing = store.finished(cycle.cycle_id, STAGE, RecordImagesSummary)
    if standing is not None:
        return standing
    shards = store.summary(cycle.cycle_id, ListNewImagesSummary).shards
    sightings = _gathered(store, cycle.cycle_id, shards, Sighting)
    rejected = _gathered(store, cycle.cycle_id, shards, RejectedSighting)
    erased = list(filter(is_erased_in(store), sightings["image_id"].unique()))
    # Measured before an erasure in between: the next night finds these files again and rejects them as erased.
    sightings = sightings.filter(~pl.col("image_id").is_in(erased))
    known = pl.Series(values=sorted(store.known(Image, sightings["image_id"])), dtype=pl.String).implode()
    gathered = {table: _gathered(store, cycle.cycle_id, shards, table) for table in (Image, Measurement, Embedding)}
    is_new = pl.col("image_id").is_in(sightings["image_id"].implode()) & ~pl.col("image_id").is_in(known)
    of_images: dict[type[Table], pl.DataFrame] = {table: rows.filter(is_new) for table, rows in gathered.items()}
    _check_whole(cycle.cycle_id, sightings, known, of_images)
    again = not_yet_embedded(store, gathered[Embedding].filter(~is_new, ~pl.col("image_id").is_in(erased)))
    of_images[Embedding] = pl.concat([of_images[Embedding], again]).sort("image_id", "backbone_digest")
    summary = _summary(sightings, rejected, of_images[Image], _changed(store, cycle.cycle_id, sightings))
    summary = replace(summary, embedded_again=again.height)
    writes: list[tuple[type[Table], pl.DataFrame]] = [*of_images.items(), (Sighting, sightings), (RejectedSighting, rejected)]
    return store.finish(cycle.cycle_id, STAGE, summary, writes, sets=_engine(store, of_images[Embedding]))


def _gathered(store: Store, cycle_id: str, shards: int, table: type[Table]) -> pl.DataFrame:
    """Rows of one table from all shards; for an image found by several shards, the first row."""
    try:
        shard_rows: list[pl.DataFrame] = [read_shard(store.objects, table, cycle_id, shard) for shard in range(shards)]
    except NotFoundError as error:
        raise MissingStageError(f"cycle {cycle_id}: measure_images has not been done for all {shards} shards: {error}") from error
    key = table.primary_key()
    return pl.concat([empty(table), *shard_rows]).unique(key, keep="first", maintain_order=True).sort(key)


def _check_whole(cycle_id: str, sightings: pl.DataFrame, known: pl.Series, of_images: dict[type[Table], pl.DataFrame]) -> None:
    """Check that each sighting has an image with all its measurements."""
    new = set(sightings.filter(~pl.col("image_id").is_in(known))["image_id"])
    for table, rows in of_images.items():
        if set(rows["image_id"]) != new:
            raise MissingStageError(
                f"cycle {cycle_id}: the table {table.table_name} is incomplete: run measure_images again for all shards"
            )


def _changed(store: Store, cycle_id: str, sightings: pl.DataFrame) -> ChangedFiles:
    """Compare with what earlier cycles saw under the same keys, and with what is missing since tonight."""
    earlier = store.rows_of(Sighting, sightings["key"], "key", columns=["source", "key", "image_id"])
    missing = store.read(MissingFile, cycle_id) if store.has(MissingFile, cycle_id) else empty(MissingFile)
    return changed_files(sightings, earlier, missing)


def _summary(sightings: pl.DataFrame, rejected: pl.DataFrame, images: pl.DataFrame, changed: ChangedFiles) -> RecordImagesSummary:
    reasons = rejected["reason"].cast(pl.String).to_list()
    return RecordImagesSummary(
        files=sightings.height + rejected.height,
        sightings=sightings.height,
        images_new=images.height,
        images_already_known=sightings["image_id"].n_unique() - images.height,
        files_already_known=sightings.height - images.height,
        rejected=rejected.height,
        rejected_by_reason={reason: reasons.count(reason) for reason in sorted(set(reasons))},
        files_overwritten=changed.overwritten,
        files_written_again=changed.written_again,
        files_renamed=changed.renamed,
        captured_at_known=sightings.height - sightings["captured_at"].null_count(),
        exif_troubles=_troubles(sightings),
        synthetic=int(sightings["is_synthetic"].sum()),
    )


def _troubles(sightings: pl.DataFrame) -> dict[str, int]:
    """Trouble with EXIF data → number of files."""
    found = sightings["exif_troubles"].drop_nulls().str.split(", ").explode().drop_nulls()
    return dict(sorted(Counter(one for one in found if one).items()))


def _engine(store: Store, embeddings: pl.DataFrame) -> list[Engine]:
    """The engine to record: once in a project, that of the first images."""
    if embeddings.is_empty() or store.state().value(Engine) is not None:
        return []
    return [Engine(str(embeddings["engine"][0]))]
