"""`versions export`: a version's originals in class folders, with a manifest, for use without Nightlens.

A folder with an unfinished export holds `UNFINISHED.json`, which is deleted last; the same command resumes it. A file gets
its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_tasks.commands.versions.originals import originals_of
from pipeline_tasks.commands.versions.progress import Progress
from pipeline_tasks.datasets.publication import objects_csv
from pipeline_tasks.errors import CorruptObjectError, SettingsError
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions.dataset_versions import read_leaves
from pipeline_tasks.storage.versions.version_history import VersionRecord
from pipeline_tasks.storage.versions.version_rows import kept_objects
from pipeline_tasks.tables.dataset_image import LABEL_NAME

UNFINISHED, MANIFEST, OBJECTS, ABOUT = "UNFINISHED.json", "manifest.csv", "objects.csv", "about.json"
ORIENTATION = (
    "The files are the originals, byte for byte: an EXIF orientation is not applied. The manifest's `orientation` (1 to 8) says "
    "how to turn an image; boxes and masks of labels belong to the turned image."
)
_ENDINGS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif", "AVIF": ".avif"}
_THREADS = 8
_BATCH = 64


@dataclass(frozen=True)
class Export:
    """Outcome of exporting one dataset version."""

    dataset_id: str
    cycle_id: str
    images: int
    about: VersionAbout
    erased: int
    orientation: str
    folder: str
    is_resumed: bool
    already_there: int
    """Images that an interrupted export had written."""

    def about_file(self) -> bytes:
        """Content of `about.json`: the state of the folder, not the history of the export."""
        fields = {"dataset_id": self.dataset_id, "cycle_id": self.cycle_id, "images": self.images}
        fields |= {"about": self.about.as_json(), "erased": self.erased, "orientation": self.orientation}
        return json.dumps(fields, indent=1, sort_keys=True, ensure_ascii=False).encode()


def export_version(store: Store, version: VersionRecord, folder: Path, progress: Progress) -> Export:
    """Write `<split>/<class>/<image_id>.<ending>` for every image, `manifest.csv` and `about.json`; resume an interrupted export.

    For kinds whose labels are more than a name there are no class folders, and `objects.csv` has a line an object.

    Raises:
        SettingsError: the folder holds other files.
        NotFoundError: a leaf or an original is gone.
        CorruptObjectError: a leaf or an original was changed.
    """
    index = read_index(store.objects, version.dataset_id)
    objects = kept_objects(store, version.cycle_id)
    rows = originals_of(store, read_leaves(store.objects, index.leaves))
    manifest = _manifest(rows, version.dataset_id, by_name=objects is None)
    is_resumed = _begin(folder, version.dataset_id)
    progress.expect(manifest.height)
    kept = 0
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="export") as threads:
        for batch in _batches(manifest):
            kept += sum(threads.map(lambda row: _write_original(store.objects, folder, row), batch))
            progress.count(len(batch))
    _write_whole(folder / MANIFEST, manifest.write_csv().encode())
    if objects is not None:
        paths = dict(manifest.select("image_id", "file").iter_rows())
        _write_whole(folder / OBJECTS, objects_csv(objects, paths).encode())
    export = Export(
        dataset_id=version.dataset_id,
        cycle_id=version.cycle_id,
        images=manifest.height,
        about=index.about,
        erased=len(index.tombstones),
        orientation=ORIENTATION,
        folder=str(folder),
        is_resumed=is_resumed,
        already_there=kept,
    )
    _write_whole(folder / ABOUT, export.about_file())
    (folder / UNFINISHED).unlink()
    return export


def as_text(export: Export) -> str:
    """Format an export: its files, and the state of the images."""
    resumed = f", {export.already_there} of them existed already" if export.is_resumed else ""
    erased = f", {export.erased} erased since and left out" if export.erased else ""
    return f"{export.images} images{erased}{resumed}: {export.folder}\n{export.orientation}"


def _manifest(rows: pl.DataFrame, dataset_id: str, *, by_name: bool) -> pl.DataFrame:
    """One row per image, with its file in the export."""
    unknown = rows.filter(pl.col("md5").is_null())
    if unknown.height:
        raise CorruptObjectError(
            f"dataset version {dataset_id[:16]}: wanted {rows.height} known images, {unknown.height} are unknown"
        )
    names = rows.select("split", LABEL_NAME if by_name else pl.lit(None), "image_id", "file_format")
    files = [_file_of(*row) for row in names.iter_rows()]
    columns = ["image_id", "md5", "size_bytes", "split", "label_kind", LABEL_NAME, "label_digest", "orientation"]
    return rows.select(pl.Series("file", files, dtype=pl.String), *columns)


def _file_of(split: str, name: str | None, image_id: str, file_format: str) -> str:
    folder = split if name is None else f"{split}/{_folder_name(name)}"
    return f"{folder}/{image_id}{_ENDINGS.get(file_format, '.' + file_format.lower())}"


def _folder_name(label: str) -> str:
    """Folder name for a label, valid on any system; special characters become %xx, so that names stay distinct."""
    name = "".join(one if one.isalnum() or one in " -_()+,." else f"%{ord(one):02x}" for one in label)
    return f"%2e{name[1:]}" if name.startswith(".") else name


def _begin(folder: Path, dataset_id: str) -> bool:
    """Mark the folder as unfinished; return True if it holds an interrupted export of this version."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / UNFINISHED
    if mark.exists():
        found = _marked(mark)
        if found != dataset_id:
            raise SettingsError(f"{folder}: wanted an empty folder, found an interrupted export of {found}; choose another one")
        return True
    standing = sorted(path.name for path in folder.iterdir())
    # A crash may leave only the unfinished file of the mark itself.
    if standing not in ([], [f"{UNFINISHED}.part"]):
        raise SettingsError(
            f"{folder}: wanted an empty folder, found {len(standing)} entries, the first {standing[0]!r}; choose a new one"
        )
    _write_whole(mark, json.dumps({"dataset_id": dataset_id, "say": "This export is not finished; run it again."}).encode())
    return False


def _marked(mark: Path) -> str:
    try:
        return str(json.loads(mark.read_bytes())["dataset_id"])
    except (ValueError, KeyError, TypeError):
        return "another program"


def _batches(manifest: pl.DataFrame) -> Iterator[list[tuple[str, str, str]]]:
    """File, image_id and md5 of each image, in batches."""
    for part in manifest.select("file", "image_id", "md5").iter_slices(_BATCH):
        yield part.rows()


def _write_original(objects: ObjectStore, folder: Path, row: tuple[str, str, str]) -> bool:
    """Write one original, verified; return True if it existed completely."""
    file, image_id, md5 = row
    path = folder / file
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == image_id:
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_whole(path, read_original(objects, image_id, md5))
    return False


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)
