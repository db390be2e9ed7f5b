"""Reading of a folder of labelled images, whose format is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats import coco, cvat, kitti, labelme, mask_images, voc, yolo
from pipeline_tasks.formats.finding import Finding
from pipeline_tasks.formats.labelled_folder import LINK, Counted, LabelledFolder
from pipeline_tasks.formats.listing import Listing, list_folder


@dataclass(frozen=True)
class Format:
    """One format: how it is found, and how it is read."""

    name: str
    find: Callable[[Listing], Finding | None]
    read: Callable[[Listing, Finding, str], LabelledFolder]


FORMATS = (
    Format(coco.NAME, coco.find, coco.read),
    Format(voc.NAME, voc.find, voc.read),
    Format(cvat.NAME, cvat.find, cvat.read),
    Format(labelme.NAME, labelme.find, labelme.read),
    Format(kitti.NAME, kitti.find, kitti.read),
    Format(yolo.NAME, yolo.find, yolo.read),
    Format(mask_images.NAME, mask_images.find, mask_images.read),
)
"""All formats. Where a folder holds several, the first with the wanted label kind is read."""


def read_folder(place: Path, label_kind: str | None = None) -> LabelledFolder | None:
    """Read a folder, or one file of COCO; None if no format is found in it.

    Args:
        place: the folder, or a JSON file, whose images lie in its folder or beside that.
        label_kind: the label kind that is wanted; None for the first that the format holds.

    Raises:
        SettingsError: what is found has not this label kind, holds no image, or cannot be meant as it is written.
    """
    listing = list_folder(root_of(place))
    found = [(one, finding) for one in FORMATS if (finding := one.find(listing))]
    if place.is_file():
        found = [(one, Finding((place,), finding.label_kinds)) for one, finding in found if place in finding.files]
    if not found:
        return None
    fitting = [(one, finding) for one, finding in found if label_kind is None or label_kind in finding.label_kinds]
    if not fitting:
        holds = "; ".join(f"{one.name} with the label kinds {', '.join(finding.label_kinds)}" for one, finding in found)
        raise SettingsError(f"{place}: wanted labels of the kind {label_kind}, found {holds}; ask for one of these kinds")
    chosen, finding = fitting[0]
    read = chosen.read(listing, finding, label_kind or finding.label_kinds[0])
    if listing.links:
        links = Counted(LINK, len(listing.links), listing.where(listing.links[0]))
        read = replace(read, left_out=(*read.left_out, links))
    if not read.images:
        why = "; ".join(f"{one.count} × {one.reason} ({one.example})" for one in read.left_out) or "it holds none"
        raise SettingsError(f"{place} ({chosen.name}): wanted at least one image with its annotation, found none: {why}")
    return read


def root_of(place: Path) -> Path:
    """The folder in which images are looked for: of a file in a folder of annotations, the one above."""
    if place.is_dir():
        return place
    return place.parent.parent if place.parent.name.lower() in ("annotations", "labels") else place.parent
