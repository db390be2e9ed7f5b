"""Process each new file once: store its original, decode it, measure it, make its thumbnail and its embedding."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.intake_image import IntakeSizes
from pipeline_tasks.decoding.white_level import SET_BIT_DEPTH
from pipeline_tasks.errors import AlreadyThereError, ChangedMeanwhileError, NotFoundError, RejectedFileError, SettingsError
from pipeline_tasks.images.exif.capture import NOT_READ, CaptureRules, capture_of
from pipeline_tasks.re_embedding.earlier_images import EarlierImages, embedded
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.measure_images import MeasureImagesSummary
from pipeline_tasks.sources.licences import Licences
from pipeline_tasks.sources.source import KeepsNotes
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.blobs.thumbnails import MAX_SIDE_PX, put_thumbnail
from pipeline_tasks.storage.erasure.erased_images import IsErased, is_erased_in
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.table_files import read_shard, write_shard
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.new_file import NewFile
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import POSITION, Sighting
from pipeline_tasks.tables.table import Table, empty
from pipeline_tasks.time_left import time_left

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import IntakeDecoder
    from pipeline_tasks.settings import SourceSettings
    from pipeline_tasks.sources.source import FileMetadata, Source

STAGE = "measure_images"
SHARD_TABLES: tuple[type[Table], ...] = (Image, Measurement, Embedding, RejectedSighting, Sighting)
"""Tables that each shard writes for `record_images`, in the order of writing."""

logger = logging.getLogger(__name__)

_Row = dict[str, Any]
_Found = dict[type[Table], _Row]
"""Rows from one file, at most one a table."""


def measure_images(
    store: Store, cycle: Cycle, shard: int, sources: Sequence[Source], decoder: IntakeDecoder, backbone: Backbone
) -> MeasureImagesSummary:
    """Process the files of this shard in the frozen plan, and write tables for `record_images`.

    Under another backbone than before, images of earlier cycles are embedded anew, too: each shard embeds its share.

    A shard whose tables are complete is not processed again.

    Raises:
        MissingStageError: `list_new_images` has not frozen the plan.
        SettingsError: the plan has no such shard.
        NotFoundError, CorruptObjectError: an image of an earlier cycle is to be embedded, and its original is gone or changed.
    """
    plan = store.read(NewFile, cycle.cycle_id)
    shards = plan["shard"].n_unique()
    # Shard 0 of an empty plan is empty; any other one is a mistake, which would look like work done.
    if not 0 <= shard < max(shards, 1):
        raise SettingsError(f"shard: {shard} is not in the plan of cycle {cycle.cycle_id}, which has {shards}, numbered from 0")
    files = plan.filter(pl.col("shard") == shard)
    earlier = EarlierImages(store, cycle.cycle_id, shard, shards, backbone)
    rows = _finished_tables(store.objects, cycle.cycle_id, shard, earlier.image_ids)
    if rows is None:
        known = frozenset(store.history(Image, ["image_id"])["image_id"])
        opened = {source.name: source for source in sources}
        _give_notes_back(opened, files)
        of_sources = {source.name: _OfSource(source, cycle) for source in cycle.project.sources}
        look = _Look(store.objects, opened, of_sources, decoder, backbone, known, is_erased_in(store))
        found = _progress(look.at_all(files.to_dicts()), files.height, shard)
        rows = _as_tables(chain(found, ({Embedding: vars(one)} for one in earlier.rows(decoder))))
        _write_tables(store.objects, cycle.cycle_id, shard, rows)
    return _summary(shard, rows, len(earlier.image_ids))


class _OfSource:
    """Rules by which the files of one source are read."""

    def __init__(self, settings: SourceSettings, cycle: Cycle) -> None:
        self.form = CanonicalForm(bit_depth=settings.bit_depth)
        self._licences = Licences(settings.licences)
        self._is_synthetic, self._position_digits = settings.is_synthetic, settings.position_digits
        self._is_rgb = settings.modality == "rgb"
        zone = ZoneInfo(settings.camera_time_zone or cycle.project.time_zone)
        # A day later, because a clock may be set to a zone ahead of the one that is assumed.
        rules = CaptureRules(zone, cycle.started_at + timedelta(days=1), settings.position_digits)
        self._rules = rules if settings.read_exif else None

    def columns(self, key: str, metadata: FileMetadata, content: bytes) -> _Row:
        """Columns of a sighting that say where its image is from; what the source states counts before EXIF data."""
        found = NOT_READ if self._rules is None else capture_of(content, self._rules)
        # `vars`, because `asdict` copies deeply, which takes a tenth of an intake's time.
        row = vars(metadata) | vars(found) | vars(self._licences.rights(key, metadata)) | {"is_synthetic": self._is_synthetic}
        row |= self._stated(metadata)
        if metadata.captured_at is not None:
            row |= {"captured_at": _in_utc(metadata.captured_at), "captured_from": "source"}
        return row

    def other_modality(self, has_colours: bool | None) -> _Row:
        """The column that says that an image is not of the source's modality; None: it was not looked at."""
        is_other = has_colours is not None and has_colours != self._is_rgb
        return {"other_modality": ("colours" if has_colours else "no_colours") if is_other else None}

    def _stated(self, metadata: FileMetadata) -> _Row:
        """Exposure and position that the source states."""
        stated: _Row = {} if metadata.exposure_s is None else {"exposure_s": metadata.exposure_s}
        if metadata.latitude_deg is not None and metadata.longitude_deg is not None:
            digits = self._position_digits
            place = (metadata.latitude_deg, metadata.longitude_deg)
            # Adding 0.0 turns -0.0 into 0.0.
            rounded = [None if digits is None else round(angle, digits) + 0.0 for angle in place]
            stated |= dict(zip(POSITION, rounded, strict=True))
        return stated


def _give_notes_back(sources: Mapping[str, Source], files: pl.DataFrame) -> None:
    """Give each source back what it noted of the files when it listed them."""
    for (name,), rows in files.group_by(["source"]):
        source = sources[str(name)]
        if isinstance(source, KeepsNotes):
            source.take_back(dict(rows.select("key", "note").iter_rows()))


class _Look:
    """Processes files in as many threads as keep the cores busy; equal bytes are measured once in each form."""

    def __init__(
        self,
        objects: ObjectStore,
        sources: Mapping[str, Source],
        of_sources: Mapping[str, _OfSource],
        decoder: IntakeDecoder,
        backbone: Backbone,
        known: frozenset[str],
        is_erased: IsErased,
    ) -> None:
        self._objects = objects
        self._sources = sources
        self._of_sources = of_sources
        self._decoder = decoder
        self._backbone = backbone
        self._known = known
        self._is_erased = is_erased
        self._measured: dict[tuple[str, CanonicalForm], Future[_Found]] = {}
        self._has_colours: dict[str, bool] = {}
        self._lock = threading.Lock()

    def at_all(self, files: Sequence[_Row]) -> Iterator[_Found]:
        """Yield the rows from each file, in the order of the files."""
        # Twice the cores: while some threads wait for the disk or a decoding child, others embed.
        with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0)), thread_name_prefix=STAGE) as threads:
            yield from threads.map(self._at, files)

    def _at(self, file: _Row) -> _Found:
        """Sighting of one file, or a rejected sighting with its reason."""
        where = {name: file[name] for name in ("source", "key", "object_version")}
        source, of_source = self._sources[file["source"]], self._of_sources[file["source"]]
        try:
            content = source.read(file["key"], file["object_version"])
            image_id = hashlib.sha256(content).hexdigest()
            if self._is_erased(image_id):
                raise RejectedFileError("erased", "this image was erased from the project and is not taken in again")
            found = {} if image_id in self._known else self._once(image_id, content, of_source.form)
        except RejectedFileError as rejection:
            size_bytes, reason = file["size_bytes"], rejection.reason
            detail = rejection.detail.replace(SET_BIT_DEPTH, f"set sources.{source.name}.bit_depth")
            return {RejectedSighting: where | {"size_bytes": size_bytes, "reason": reason, "detail": detail}}
        origin = of_source.columns(file["key"], source.metadata(file["key"]), content)
        origin |= of_source.other_modality(self._has_colours.get(image_id))
        return found | {Sighting: where | {"image_id": image_id, "modified_at": file["modified_at"]} | origin}

    def _once(self, image_id: str, content: bytes, form: CanonicalForm) -> _Found:
        """Measure these bytes, or wait for the thread that does; all files with equal bytes get the same rows or reason."""
        with self._lock:
            future = self._measured.get((image_id, form))
            is_ours = future is None
            if future is None:
                future = self._measured[image_id, form] = Future()
        if is_ours:
            try:
                future.set_result(self._measure(image_id, content, form))
            except BaseException as error:  # Passed to waiting threads, too; `result` raises it here.
                future.set_exception(error)
        return future.result()

    def _measure(self, image_id: str, content: bytes, form: CanonicalForm) -> _Found:
        """All results of one decode. A refused file is not stored; it stays in the source."""
        found = self._decoder.take_in(content, form, IntakeSizes(self._backbone.side_px, MAX_SIDE_PX))
        self._has_colours[image_id] = found.has_colours
        _, md5 = put_original(self._objects, content, image_id)
        put_thumbnail(self._objects, image_id, found.thumbnail)
        width_px, height_px = found.size_px
        image = {
            "image_id": image_id,
            "md5": md5,
            "size_bytes": len(content),
            "file_format": found.file_format,
            "width_px": width_px,
            "height_px": height_px,
            "orientation": found.orientation,
            "frames": found.frames,
            "canonical_form": form.version,
            "bit_depth": form.bit_depth,
        }
        embedding = vars(embedded(image_id, self._backbone, found.model_image))
        return {Image: image, Measurement: {"image_id": image_id} | found.measured, Embedding: embedding}


def _in_utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def _progress(found: Iterator[_Found], files: int, shard: int) -> Iterator[_Found]:
    """Pass on the rows, and log the progress from time to time."""
    rejected = 0
    every, started = max(1, files // 10), time.monotonic()
    for number, one in enumerate(found, start=1):
        rejected += RejectedSighting in one
        if number % every == 0 or number == files:
            left = time_left(number, files, time.monotonic() - started)
            logger.info("shard %d: looked at %d of %d files, rejected %d%s", shard, number, files, rejected, left)
        yield one


def _as_tables(found: Iterator[_Found]) -> dict[type[Table], pl.DataFrame]:
    """Collect rows by table; an image found twice has one row."""
    rows: dict[type[Table], list[_Row]] = {table: [] for table in SHARD_TABLES}
    for one in found:
        for table, row in one.items():
            rows[table].append(row)
    return {table: _frame(table, rows[table]) for table in SHARD_TABLES}


def _frame(table: type[Table], rows: list[_Row]) -> pl.DataFrame:
    schema = empty(table).schema
    columns = {name: pl.Series(name, [row[name] for row in rows], dtype=kind) for name, kind in schema.items()}
    return pl.DataFrame(columns).unique(table.primary_key(), keep="first", maintain_order=True).sort(table.primary_key())


def _write_tables(objects: ObjectStore, cycle_id: str, shard: int, tables: Mapping[type[Table], pl.DataFrame]) -> None:
    """Write the tables; a simultaneous try of the same shard writes the same ones."""
    for table, rows in tables.items():
        try:
            write_shard(objects, table, cycle_id, shard, rows)
        except (AlreadyThereError, ChangedMeanwhileError):
            write_shard(objects, table, cycle_id, shard, rows)


def _finished_tables(
    objects: ObjectStore, cycle_id: str, shard: int, earlier: Sequence[str]
) -> dict[type[Table], pl.DataFrame] | None:
    """Tables of a completed try; None if there is none, or if tables of two tries that saw different files are mixed."""
    try:
        rows: dict[type[Table], pl.DataFrame] = {table: read_shard(objects, table, cycle_id, shard) for table in SHARD_TABLES}
    except NotFoundError:
        return None
    ids = [set(rows[table]["image_id"]) for table in (Image, Measurement, Embedding)]
    is_whole = ids[0] == ids[1] and ids[2] == ids[0] | set(earlier) and ids[0] <= set(rows[Sighting]["image_id"])
    return rows if is_whole else None


def _summary(shard: int, rows: Mapping[type[Table], pl.DataFrame], embedded_again: int) -> MeasureImagesSummary:
    sightings, measured, rejected = (rows[table].height for table in (Sighting, Image, RejectedSighting))
    return MeasureImagesSummary(shard, sightings + rejected, measured, sightings - measured, rejected, embedded_again)
