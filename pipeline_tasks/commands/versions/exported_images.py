"""Images of a version with their labels and the bytes of their files, one after the other.

A file is the original without its metadata where that shows every reader the canonical pixels, otherwise a PNG of them. A few are
prepared ahead, so memory depends on the size of an image and not on their number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.plain_file import FileProperties, as_png, plain_file
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.formats.writing.file_names import FileNames
from pipeline_tasks.formats.writing.target import ExportedImage, ExportedVersion
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, Labeling, ObjectColumns
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.storage.versions.version_rows import OBJECTS, kept_objects, with_objects
from pipeline_tasks.tables.dataset_image import LABEL_NAME
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.sighting import Sighting

Exported = Generator[tuple[ExportedImage, bool], None, None]
"""Images, each with True for an original without its metadata."""
_FILE_COLUMNS = ("md5", "file_format", "width_px", "height_px", "orientation", "frames", "canonical_form", "bit_depth")
_KEY = "key"
_THREADS, _AHEAD, _SLICE = 4, 8, 1024


def version_images(store: Store, version: VersionRecord, manifest: pl.DataFrame, *, has_source_names: bool) -> pl.DataFrame:
    """Rows of a manifest with the properties of each file, its `objects` if the kind keeps them, and its `key` if that is wanted.

    Raises:
        CorruptObjectError: an image of the version is unknown.
    """
    ids = manifest["image_id"]
    files = store.rows_of(Image, ids, columns=["image_id", *_FILE_COLUMNS]).unique("image_id", keep="first")
    rows = manifest.join(files, on="image_id", how="left", maintain_order="left").sort("image_id")
    unknown = rows.filter(pl.col("md5").is_null())["image_id"]
    if len(unknown):
        raise CorruptObjectError(
            f"dataset version {version.dataset_id[:16]}: wanted {rows.height} known images, {len(unknown)} are unknown, "
            f"the first is {unknown[0]}"
        )
    if (objects := kept_objects(store, version.cycle_id)) is not None:
        rows = with_objects(rows, objects)
    if has_source_names:
        keys = store.rows_of(Sighting, ids, columns=["image_id", _KEY]).unique("image_id", keep="first")
        rows = rows.join(keys, on="image_id", how="left", maintain_order="left")
    return rows


def exported_images(objects: ObjectStore, rows: pl.DataFrame, version: ExportedVersion) -> Exported:
    """Yield the images in the order of the rows.

    Raises:
        NotFoundError: an original is gone.
        CorruptObjectError: an original was changed.
    """
    names, number = FileNames(), 0
    with DecodingPool() as decoder, ThreadPoolExecutor(_THREADS, thread_name_prefix="export") as threads:
        waiting: deque[tuple[JsonObject, Future[_File]]] = deque()
        for row in _named(rows):
            waiting.append((row, threads.submit(_file, objects, decoder, row)))
            if len(waiting) > _AHEAD:
                number += 1
                yield _exported(*waiting.popleft(), number, names, version)
        while waiting:
            number += 1
            yield _exported(*waiting.popleft(), number, names, version)


@dataclass(frozen=True)
class _File:
    content: bytes
    ending: str
    is_plain: bool


def _named(rows: pl.DataFrame) -> Iterator[JsonObject]:
    """Rows by their columns' names, a slice at a time: the lists of objects of all rows would need much memory as dictionaries."""
    for part in rows.iter_slices(_SLICE):
        yield from part.iter_rows(named=True)


def _file(objects: ObjectStore, decoder: DecodingPool, row: JsonObject) -> _File:
    content = read_original(objects, row["image_id"], row["md5"])
    size_px = row["width_px"], row["height_px"]
    plain = plain_file(content, FileProperties(row["file_format"], size_px, row["orientation"], row["frames"]))
    if plain is not None:
        return _File(plain, ".jpg" if row["file_format"] == "JPEG" else ".png", is_plain=True)
    form = CanonicalForm(row["canonical_form"], row["bit_depth"])
    return _File(as_png(decoder.decode(content, form).pixels), ".png", is_plain=False)


def _exported(
    row: JsonObject, prepared: Future[_File], number: int, names: FileNames, version: ExportedVersion
) -> tuple[ExportedImage, bool]:
    file, image_id = prepared.result(), row["image_id"]
    stem = names.of_key(row[_KEY], image_id) if row.get(_KEY) else names.of_id(image_id)
    size_px = row["width_px"], row["height_px"]
    objects = _objects(row, version.labeling)
    return ExportedImage(number, image_id, row["split"], stem + file.ending, size_px, objects, file.content), file.is_plain


def _objects(row: JsonObject, labeling: Labeling[Any]) -> tuple[Any, ...]:
    """Objects of a row: those that the version keeps, or else the one that is its name."""
    if OBJECTS not in row:
        return (labeling.from_columns(ObjectColumns(row["label_kind"], row[LABEL_NAME])),)
    kept = (ObjectColumns(**{name: one[name] for name in OBJECT_COLUMNS}) for one in row[OBJECTS])
    return tuple(labeling.from_columns(one) for one in kept)
