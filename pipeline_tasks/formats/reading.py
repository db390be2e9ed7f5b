"""Reading of a folder of labelled images, whose format is found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats import (
    cityscapes,
    class_folders,
    coco,
    cvat,
    kitti,
    label_studio,
    labelme,
    mask_images,
    mnist,
    open_images,
    voc,
    yolo,
)
from pipeline_tasks.formats.finding import Finding
from pipeline_tasks.formats.labelled_folder import LINK, Counted, LabelledFolder
from pipeline_tasks.formats.listing import Listing, list_folder


@dataclass(frozen=True)
class Format:
    """One format: how it is found, and how it is read."""

    key: str
    """Name in options; that of the export of the same format, where there is one."""
    name: str
    find: Callable[[Listing], Finding | None]
    read: Callable[[Listing, Finding, str], LabelledFolder]


@dataclass(frozen=True)
class FoundFormat:
    """A format of which a place holds files."""

    place: Path
    listing: Listing
    form: Format
    finding: Finding


FORMATS = (
    Format("coco", coco.NAME, coco.find, coco.read),
    Format("voc", voc.NAME, voc.find, voc.read),
    Format("cvat", cvat.NAME, cvat.find, cvat.read),
    Format("label-studio", label_studio.NAME, label_studio.find, label_studio.read),
    Format("labelme", labelme.NAME, labelme.find, labelme.read),
    Format("kitti", kitti.NAME, kitti.find, kitti.read),
    Format("open-images", open_images.NAME, open_images.find, open_images.read),
    Format("cityscapes", cityscapes.NAME, cityscapes.find, cityscapes.read),
    Format("mnist", mnist.NAME, mnist.find, mnist.read),
    Format("yolo", yolo.NAME, yolo.find, yolo.read),
    Format("masks", mask_images.NAME, mask_images.find, mask_images.read),
)
"""Formats of annotation files. Where a folder holds several, the first with the wanted label kind is read."""
CLASS_FOLDERS = Format("imagefolder", class_folders.NAME, class_folders.find, class_folders.read)
"""Almost any folder has folders in it: asked for by name, or where no format of annotation files says classes."""


def formats_in(place: Path, listing: Listing, wanted: Sequence[Format] = FORMATS) -> tuple[FoundFormat, ...]:
    """Those of the wanted formats of which a folder holds files; of one annotation file, those that read it."""
    found = [(one, finding) for one in wanted if (finding := one.find(listing))]
    if place.is_file():
        found = [(one, Finding((place,), finding.label_kinds)) for one, finding in found if place in finding.files]
    return tuple(FoundFormat(place, listing, one, finding) for one, finding in found)


def read_folder(place: Path, label_kind: str | None = None) -> LabelledFolder | None:
    """Read a folder, or one file of COCO; None if no format is found in it.

    Args:
        place: the folder, or a JSON file, whose images lie in its folder or beside that.
        label_kind: the label kind that is wanted; None for the first that the format holds.

    Raises:
        SettingsError: what is found has not this label kind, holds no image, or cannot be meant as it is written.
    """
    found = formats_in(place, list_folder(root_of(place)))
    if not found:
        return None
    fitting = [one for one in found if label_kind is None or label_kind in one.finding.label_kinds]
    if not fitting:
        holds = "; ".join(f"{one.form.name} with the label kinds {', '.join(one.finding.label_kinds)}" for one in found)
        raise SettingsError(f"{place}: wanted labels of the kind {label_kind}, found {holds}; ask for one of these kinds")
    return read_found(fitting[0], label_kind or fitting[0].finding.label_kinds[0])


def read_only_format(place: Path, label_kind: str, format_key: str | None = None) -> LabelledFolder:
    """Read a folder, or one annotation file, whose format a person names or is the only one with the wanted label kind.

    Raises:
        SettingsError: the named format is not there, or none is, or several are; or as `read_folder`.
    """
    wanted = [one for one in (*FORMATS, CLASS_FOLDERS) if format_key in (None, one.key)]
    found = formats_in(place, list_folder(root_of(place)), wanted)
    fitting = [one for one in found if label_kind in one.finding.label_kinds]
    if len(fitting) > 1 and fitting[-1].form is CLASS_FOLDERS:
        fitting = fitting[:-1]
    if len(fitting) == 1:
        return read_found(fitting[0], label_kind)
    if fitting:
        two = " and ".join(f"{one.form.name} ({len(one.finding.files)} files)" for one in fitting)
        asked = " or ".join(f"--format {one.form.key}" for one in fitting)
        raise SettingsError(f"{place}: wanted one format with labels of the kind {label_kind}, found {two}; say {asked}")
    asked = f"labels of the kind {label_kind} in one of the formats {', '.join(one.name for one in wanted)}"
    holds = "; ".join(f"{one.form.name} with the label kinds {', '.join(one.finding.label_kinds)}" for one in found)
    raise SettingsError(f"{place}: wanted {asked}; found {holds or 'none of them'}")


def read_found(found: FoundFormat, label_kind: str) -> LabelledFolder:
    """Read what was found.

    Raises:
        SettingsError: it holds no image, or cannot be meant as it is written.
    """
    listing = found.listing
    read = found.form.read(listing, found.finding, label_kind)
    if listing.links:
        links = Counted(LINK, len(listing.links), listing.where(listing.links[0]))
        read = replace(read, left_out=(*read.left_out, links))
    if not read.images:
        why = "; ".join(f"{one.count} × {one.reason} ({one.example})" for one in read.left_out) or "it holds none"
        raise SettingsError(f"{found.place} ({found.form.name}): wanted at least one image with its annotation, found none: {why}")
    return read


def root_of(place: Path) -> Path:
    """The folder in which images are looked for: of a file in a folder of annotations, the one above."""
    if place.is_dir():
        return place
    return place.parent.parent if place.parent.name.lower() in ("annotations", "labels") else place.parent
