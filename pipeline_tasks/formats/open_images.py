"""Open Images: CSV files of boxes in shares of the image's sides, and of image-level labels that people confirmed or denied.

Classes are coded (`/m/0k4j`) and named by `class-descriptions….csv`; a code without a name is its own name. A box around a group of
things is left out as a crowd. Labels of machines have a confidence between 0 and 1 and are not read. An image of which no row
speaks is left out: its objects are unknown (Kuznetsova et al. 2020, The Open Images Dataset V4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import number_of
from pipeline_tasks.formats.csv_rows import CsvRow, columns_of, lines_of, read_rows
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.gathering import Gathering
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import NotTakenError, Placing
from pipeline_tasks.kinds.classes.class_object import ClassObject

NAME = "Open Images"
OF_MACHINES = "label that a machine gave, with a confidence below 1"
DENIED = "label that one row confirms and another denies"
NOT_CONFIRMED = "image of which no label is confirmed"
_SIDES = ("XMin", "XMax", "YMin", "YMax")
_OF_BOXES = {"ImageID", "LabelName", *_SIDES}
_OF_LABELS = {"ImageID", "LabelName", "Confidence"}
_OF_MASKS = "MaskPath"
_CODES = ("/m/", "/g/", "/t/")
_GROUP = "IsGroupOf"
MOST = 2.0
"""Greatest number that is still a share of an image, of an object that reaches out of it; larger ones are pixels."""


@dataclass(frozen=True)
class _Row:
    """A row of an image of the folder."""

    where: str
    file: Path
    code: str
    numbers: tuple[float, ...]
    """The sides of a box, or the confidence of a label."""
    is_group: bool = False


def find(listing: Listing) -> Finding | None:
    """The CSV files of boxes and of labels; None if there are none."""
    boxes, labels = [], []
    for path in listing.ending_in(".csv"):
        columns = set(columns_of(path))
        if columns >= _OF_BOXES:
            boxes.append(path)
        elif columns >= _OF_LABELS and _OF_MASKS not in columns:
            labels.append(path)
    kinds = (*(("box",) if boxes else ()), *(("class", "classes") if labels else ()))
    return Finding((*boxes, *labels), kinds) if kinds else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the boxes, or the labels, of all these files.

    Raises:
        SettingsError: a row lacks a field or has a number that is none; the message names file, line and column.
    """
    names = _names(listing)
    gathering = Gathering(NAME, label_kind, listing)
    is_box = label_kind == "box"
    files = [path for path in finding.files if (set(columns_of(path)) >= _OF_BOXES) == is_box]
    for image, rows in _by_image(files, listing, gathering, is_box=is_box).items():
        placing = gathering.placing(image, None, listing.where(image), "")
        if placing is None:
            continue
        if is_box:
            gathering.add(image, placing, tuple(_boxes(rows, names, placing)), rows[0].file)
        elif objects := _confirmed(rows, names, placing):
            gathering.add(image, placing, objects, rows[0].file)
        else:
            placing.left_out.count(NOT_CONFIRMED, listing.where(image))
    unnamed = sorted(name for name in gathering.class_names if name.startswith(_CODES))
    notes = (f"no class-descriptions CSV names {', '.join(unnamed[:8])}, so the codes are the names",) if unnamed else ()
    return gathering.folder(notes)


def _by_image(files: Sequence[Path], listing: Listing, gathering: Gathering, *, is_box: bool) -> Mapping[Path, list[_Row]]:
    """The rows of the folder's images; an image that is not there is counted once."""
    found: dict[Path, list[_Row]] = {}
    images: dict[str, Path | None] = {}
    for path in files:
        for row in read_rows(path, listing.where(path)):
            said = row.values["ImageID"]
            if said not in images:
                images[said] = _image(said, path, listing)
                if images[said] is None:
                    gathering.left_out.count(reasons.NO_FILE, f"{said} of {row.where}")
            if (image := images[said]) is not None:
                found.setdefault(image, []).append(_row(row, path, is_box=is_box))
    return found


def _image(said: str, path: Path, listing: Listing) -> Path | None:
    """The image of an id, which may also be a file's name."""
    return listing.image_of_stem(said, path.parent) or listing.image_named(said, path.parent) if said else None


def _row(row: CsvRow, path: Path, *, is_box: bool) -> _Row:
    code = row.values["LabelName"].strip()
    if not code:
        raise refuse(f"{row.where}: LabelName", "nothing", "the code of a class")
    numbers = tuple(_number(row, name) for name in (_SIDES if is_box else ("Confidence",)))
    if large := [one for one in numbers if abs(one) > MOST]:
        raise refuse(row.where, f"{large[0]:g}", "shares of the image's sides, from 0 to 1; divide pixels by its width or height")
    return _Row(row.where, path, code, numbers, row.values.get(_GROUP, "").strip() == "1")


def _number(row: CsvRow, name: str) -> float:
    number = number_of(row.values[name].strip())
    if number is None or number != number:
        raise refuse(f"{row.where}: {name}", repr(row.values[name])[:40], "a number")
    return number


def _boxes(rows: Sequence[_Row], names: Mapping[str, str], placing: Placing) -> Iterator[Labelled]:
    seen = set[tuple[str, tuple[float, ...]]]()
    width, height = placing.size_px
    for row in rows:
        with placing.counting():
            if row.is_group:
                raise NotTakenError(reasons.CROWD, row.where)
            if (row.code, row.numbers) in seen:
                raise NotTakenError(reasons.TWICE, row.where)
            seen.add((row.code, row.numbers))
            left, right, top, bottom = row.numbers
            corners = (left * width, top * height, right * width, bottom * height)
            yield placing.box(names.get(row.code, row.code), corners, row.where)


def _confirmed(rows: Sequence[_Row], names: Mapping[str, str], placing: Placing) -> tuple[Labelled, ...]:
    """The classes that people confirmed, sorted."""
    said: dict[str, set[float]] = {}
    first: dict[str, str] = {}
    for row in rows:
        if 0 < row.numbers[0] < 1:
            placing.left_out.count(OF_MACHINES, row.where)
        else:
            said.setdefault(row.code, set()).add(row.numbers[0])
            first.setdefault(row.code, row.where)
    for code, confidences in said.items():
        if len(confidences) > 1:
            placing.left_out.count(DENIED, f"{first[code]} ({names.get(code, code)})")
    confirmed = {names.get(code, code) for code, confidences in said.items() if confidences == {1.0}}
    return tuple(ClassObject(name) for name in sorted(confirmed))


def _names(listing: Listing) -> Mapping[str, str]:
    """Code → name; a name that several codes have is followed by its code.

    Raises:
        SettingsError: a code has two names.
    """
    found: dict[str, str] = {}
    for path in listing.ending_in(".csv"):
        columns = columns_of(path)
        if len(columns) != 2 or not (columns[0].startswith(_CODES) or columns[0] == "LabelName"):
            continue
        where = listing.where(path)
        for number, fields in lines_of(path, where):
            if not fields or fields[0] == "LabelName":
                continue
            if len(fields) != 2 or not fields[0] or not fields[1]:
                raise refuse(f"{where}, line {number}", ",".join(fields)[:40], "a code and a name")
            code, name = fields
            if found.setdefault(code, name) != name:
                raise refuse(f"{where}, line {number}", f"{code} as {found[code]!r} and {name!r}", "one name a code")
    counts = Counter(found.values())
    return {code: name if counts[name] == 1 else f"{name} ({code})" for code, name in found.items()}
