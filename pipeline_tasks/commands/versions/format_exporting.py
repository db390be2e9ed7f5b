"""`versions export --format`: a version's images and labels in the format of another tool.

Images are written as their canonical pixels: the original without its metadata where it shows them to every reader, else a PNG.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.commands.versions.exported_images import Exported, exported_images, version_images
from pipeline_tasks.commands.versions.progress import Progress
from pipeline_tasks.commands.versions.whole_folder import whole_folder
from pipeline_tasks.formats.labelled_folder import Counted
from pipeline_tasks.formats.writing.target import ExportedVersion, Target, put_file
from pipeline_tasks.formats.writing.targets import target_for
from pipeline_tasks.kinds.registry import kind_of_version
from pipeline_tasks.release import RELEASE
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import read_leaves
from pipeline_tasks.storage.versions.version_history import VersionRecord

ABOUT = "about.json"


@dataclass(frozen=True)
class FormatExport:
    """Outcome of an export to a format."""

    dataset_id: str
    cycle_id: str
    project: str
    format: str
    label_kind: str
    vocabulary: tuple[str, ...]
    images: int
    images_by_split: dict[str, int]
    empty_images: int
    objects: int
    plain_originals: int
    """Images written as their original without its metadata."""
    encoded_as_png: int
    """Images written as a PNG of their canonical pixels."""
    erased: int
    licence: str
    lost: tuple[Counted, ...]
    """Parts of labels for which the format has no place."""
    written_by: str
    folder: str

    def about_file(self) -> bytes:
        """Content of `about.json`."""
        fields = {name: value for name, value in asdict(self).items() if name != "folder"}
        return json.dumps(fields, indent=1, sort_keys=True, ensure_ascii=False).encode()


@dataclass(frozen=True)
class ExportWishes:
    """Arguments of an export to a format."""

    format_name: str
    folder: Path
    has_source_names: bool = False
    """True to name images as at their source."""
    licence: str = ""
    """Licence of the images, as the one who exports states it."""


def export_to_format(store: Store, version: VersionRecord, wishes: ExportWishes, progress: Progress) -> FormatExport:
    """Write a version's images and labels; the folder appears when it is whole.

    Raises:
        SettingsError: the format cannot hold the labels, or the folder is not new.
        NotFoundError: a leaf or an original is gone.
        CorruptObjectError: a leaf or an original was changed.
    """
    index = read_index(store.objects, version.dataset_id)
    about = index.about
    target = target_for(wishes.format_name, about.label_kind)
    kind = kind_of_version(about.label_kind, about.vocabulary, about.options)
    project = read_cycle(store, version.cycle_id).project
    rows = version_images(store, version, read_leaves(store.objects, index.leaves), has_source_names=wishes.has_source_names)
    exported = ExportedVersion(
        dataset_id=version.dataset_id,
        project=project.project,
        cycle_id=version.cycle_id,
        frozen_at=version.started_at or "",
        label_kind=kind.name,
        vocabulary=about.vocabulary,
        labeling=kind.labeling,
        options=about.options,
        form_xml=label_form(kind, project.labeling.question).xml,
        licence=wishes.licence,
        folder_name=wishes.folder.absolute().name,
        splits=tuple(rows["split"].unique().sort().to_list()),
    )
    progress.expect(rows.height)
    with whole_folder(wishes.folder) as folder:
        counts = _write(target, folder, exported, exported_images(store.objects, rows, exported), progress)
        export = _outcome(exported, wishes, counts, len(index.tombstones))
        put_file(folder / ABOUT, export.about_file())
    return export


def as_text(export: FormatExport) -> str:
    """Format an export: its images, the way they are written, and what the format has no place for."""
    erased = f", {export.erased} erased since and left out" if export.erased else ""
    splits = ", ".join(f"{count} {split}" for split, count in export.images_by_split.items())
    lines = [
        f"{export.images} images ({splits}) with {export.objects} objects, nothing is there in {export.empty_images}{erased}: "
        f"{export.folder} ({export.format})",
        f"{export.plain_originals} are the originals without their metadata, {export.encoded_as_png} PNG of the canonical pixels; "
        "labels are in their pixels, and none carries a position or a device",
    ]
    lines += [f"lost: {one.count} × {one.reason}; the first: {one.example}" for one in export.lost]
    return "\n".join(lines)


@dataclass
class _Counts:
    """Counts of images while they are written."""

    by_split: dict[str, int] = field(default_factory=dict)
    empty: int = 0
    objects: int = 0
    plain: int = 0


def _write(target: Target, folder: Path, version: ExportedVersion, images: Exported, progress: Progress) -> _Counts:
    counts = _Counts()
    with closing(images), closing(target.open(folder, version)) as writer:
        for image, is_plain in images:
            writer.add(image)
            counts.by_split[image.split] = counts.by_split.get(image.split, 0) + 1
            counts.empty += not image.objects
            counts.objects += len(image.objects)
            counts.plain += is_plain
            progress.count()
    return counts


def _outcome(version: ExportedVersion, wishes: ExportWishes, counts: _Counts, erased: int) -> FormatExport:
    images = sum(counts.by_split.values())
    return FormatExport(
        dataset_id=version.dataset_id,
        cycle_id=version.cycle_id,
        project=version.project,
        format=wishes.format_name,
        label_kind=version.label_kind,
        vocabulary=version.vocabulary,
        images=images,
        images_by_split=dict(sorted(counts.by_split.items())),
        empty_images=counts.empty,
        objects=counts.objects,
        plain_originals=counts.plain,
        encoded_as_png=images - counts.plain,
        erased=erased,
        licence=wishes.licence or "not stated",
        lost=version.lost.all(),
        written_by=f"Nightlens {RELEASE}",
        folder=str(wishes.folder),
    )
