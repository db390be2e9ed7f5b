"""Pascal VOC: an XML file an image, with boxes.

Pixels are counted from 1 and the last one belongs to the box (Everingham et al. 2010, The PASCAL Visual Object Classes Challenge),
so a box reaches from xmin - 1 to xmax, measured at the edges of pixels. A folder in which a box begins at 0 was not written that
way: its numbers are taken as edges counted from 0. An image with a file but without objects is one in which nothing is there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import UnusableXmlError, number_of, read_xml
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.image_header import read_header
from pipeline_tasks.formats.labelled_folder import LabelledFolder, LabelledImage, Size, Tally
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import NotTakenError, Placing, placing_in
from pipeline_tasks.kinds.boxes.box import Box

NAME = "Pascal VOC"
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_HEAD_BYTES = 4096
_ROOT = re.compile(rb"<annotation[\s>]")
"""Other formats' root is `annotations`."""


@dataclass(frozen=True)
class _Entry:
    """One object of an XML file."""

    class_name: str
    sides: tuple[float, ...]
    """xmin, ymin, xmax, ymax as written; empty without a box."""

    @property
    def begins_at_0(self) -> bool:
        """Return True for a box that pixels counted from 1 do not have."""
        return bool(self.sides) and all(map(math.isfinite, self.sides)) and min(self.sides[:2]) < 1


@dataclass(frozen=True)
class _File:
    """One XML file."""

    path: Path
    file_name: str
    size_px: Size | None
    entries: tuple[_Entry, ...]


def find(listing: Listing) -> Finding | None:
    """The XML files whose root is `annotation`; None if there are none."""
    found = tuple(path for path in listing.ending_in(".xml") if _ROOT.search(_head(path)))
    return Finding(found, ("box",)) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the boxes of all these files.

    Raises:
        SettingsError: two files are of one image, or an object has no name.
    """
    left_out, changed, owner = Tally(), Tally(), dict[Path, Path]()
    files = [file for path in finding.files if (file := _parsed(path, listing, left_out))]
    from_0 = next((file for file in files for one in file.entries if one.begins_at_0), None)
    images = []
    for file in files:
        path = _image_of(file, listing)
        if path is None:
            left_out.count(reasons.NO_FILE, f"{file.file_name or file.path.stem} of {listing.where(file.path)}")
            continue
        if (first := owner.setdefault(path, file.path)) != file.path:
            both = f"{listing.where(first)} and {listing.where(file.path)}"
            raise refuse(
                f"{listing.where(path)} ({NAME})",
                f"two of it, {both}",
                "one XML file an image; take the wrong one out of the folder",
            )
        if (header := read_header(path)) is None:
            left_out.count(reasons.UNREADABLE_IMAGE, listing.where(path))
        elif placing := placing_in(header, file.size_px, listing.where(file.path), left_out, changed):
            images.append(_placed(file, path, placing, 0 if from_0 else 1, listing))
    for path in sorted(set(listing.photographs) - set(owner)):
        left_out.count(reasons.NOT_LISTED, listing.where(path))
    names = tuple(sorted({one.class_name for file in files for one in file.entries}))
    says = (
        f"{NAME} counts pixels from 1, but {listing.where(from_0.path)} has a box that begins at 0: numbers are edges from 0"
        if from_0
        else ""
    )
    order = sorted(images, key=lambda image: image.path)
    return LabelledFolder(NAME, label_kind, names, tuple(order), left_out.all(), changed.all(), (says,) if says else ())


def _placed(file: _File, path: Path, placing: Placing, first: int, listing: Listing) -> LabelledImage:
    boxes: list[Box] = []
    for number, one in enumerate(file.entries, start=1):
        with placing.counting():
            boxes.append(_box(one, placing, first, f"{listing.where(file.path)}: object {number} ({one.class_name})"))
    return LabelledImage(path, placing.size_px, tuple(boxes), file.path)


def _box(one: _Entry, placing: Placing, first: int, where: str) -> Box:
    if not one.sides:
        raise NotTakenError(reasons.NO_BOX, where)
    left, top, right, bottom = one.sides
    if right <= left or bottom <= top:  # By VOC's count one pixel wide, in fact a click: tools write it for a box without a size.
        raise NotTakenError(reasons.NO_SIZE, f"{where} from {left:g}, {top:g} to {right:g}, {bottom:g}")
    return placing.box(one.class_name, (left - first, top - first, right, bottom), where)


def _parsed(path: Path, listing: Listing, left_out: Tally) -> _File | None:
    where = listing.where(path)
    try:
        root = read_xml(path)
    except UnusableXmlError as error:
        left_out.count(reasons.UNREADABLE_FILE, f"{where}: {error}")
        return None
    entries = []
    for number, one in enumerate(root.findall("object"), start=1):
        name = (one.findtext("name") or "").strip()
        if not name:
            raise refuse(f"{where}: object {number}", "no name", "the name of its class in <name>")
        entries.append(
            _Entry(name, _numbers([one.findtext(f"bndbox/{side}") for side in _SIDES], f"{where}: object {number} ({name})"))
        )
    size = _numbers([root.findtext("size/width"), root.findtext("size/height")], f"{where}: size")
    if not all(map(math.isfinite, size)):
        raise refuse(f"{where}: size", " x ".join(f"{one:g}" for one in size), "the width and height of the image")
    size_px = (int(size[0]), int(size[1])) if size and min(size) > 0 else None
    return _File(path, (root.findtext("filename") or "").strip(), size_px, tuple(entries))


def _numbers(texts: Sequence[str | None], where: str) -> tuple[float, ...]:
    """The numbers of these texts; none if one is missing."""
    if not all(text and text.strip() for text in texts):
        return ()
    numbers = [number_of((text or "").strip()) for text in texts]
    if None in numbers:
        raise refuse(where, ", ".join(str(text)[:40] for text in texts), "numbers")
    return tuple(one for one in numbers if one is not None)


def _image_of(file: _File, listing: Listing) -> Path | None:
    """The image of the same name as the XML file, or else of the name that it says: copies of files keep wrong names inside."""
    near = file.path.parent
    said = listing.image_named(file.file_name, near) if file.file_name else None
    if said is not None and said.stem == file.path.stem:
        return said
    return listing.image_of_stem(file.path.stem, near) or said


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)
