"""COCO: JSON files with `images`, `annotations` and `categories`; boxes, polygons, run lengths and keypoints.

Positions are measured at the edges of pixels from 0 (Lin et al. 2014, Microsoft COCO). An image that is listed without an
annotation is one in which nothing is there.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline_tasks.formats import coco_keypoints
from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import as_float, read_json
from pipeline_tasks.formats.coco_keypoints import Skeletons
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.image_header import read_header
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder, LabelledImage, Size, Tally
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import NotTakenError, Placing, placing_in
from pipeline_tasks.geometry.polygons import hull
from pipeline_tasks.geometry.rectangles import SLACK, clockwise, is_rotated_rectangle
from pipeline_tasks.geometry.run_lengths import text_of
from pipeline_tasks.json_values import NO_FIELDS, Json, JsonObject
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask

NAME = "COCO"
_MOST_PIXELS = 2**31
_PARTS = ("images", "annotations", "categories")


def find(listing: Listing) -> Finding | None:
    """The JSON files that hold boxes, masks or keypoints of COCO; None if there are none."""
    found, kinds = [], Counter[str]()
    for path in listing.ending_in(".json"):
        content = _content(path)
        if content is None or not _is_of_places(content["annotations"]):
            continue
        found.append(path)
        kinds["box"] += 1
        kinds["mask"] += any(_as_fields(one).get("segmentation") for one in content["annotations"])
        kinds["keypoints"] += _has_keypoints(content)
    return Finding(tuple(found), tuple(kind for kind in ("box", "mask", "keypoints") if kinds[kind])) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read all these files as one set.

    Raises:
        SettingsError: a file lacks a field, a category is not among its categories, or an image is in two of the files.
    """
    left_out, changed, names, owner = Tally(), Tally(), dict[str, None](), dict[Path, Path]()
    images: list[LabelledImage] = []
    skeletons = Skeletons()
    for path in finding.files if label_kind != "keypoints" else _with_keypoints(finding.files):
        one = _File(path, listing, label_kind, left_out, changed, skeletons)
        names |= dict.fromkeys(skeletons.points if label_kind == "keypoints" else one.names.values())
        images += one.images()
        for met in one.met:
            if (first := owner.setdefault(met, path)) != path:
                both = f"{listing.where(first)} and {listing.where(path)}"
                raise refuse(
                    f"{listing.where(met)} ({NAME})", f"it in {both}", "each image in one file; name one of them as IMAGES"
                )
    for image_path in sorted(set(listing.photographs) - set(owner)):
        left_out.count(reasons.NOT_LISTED, listing.where(image_path))
    options: Mapping[str, Json] = NO_FIELDS
    if label_kind == "keypoints":
        images, has_boxes = coco_keypoints.in_one_form(images, left_out)
        options = skeletons.options(has_boxes=has_boxes)
    order = sorted(images, key=lambda image: image.path)
    return LabelledFolder(NAME, label_kind, tuple(names), tuple(order), left_out.all(), changed.all(), options=options)


@dataclass
class _File:
    """One JSON file while it is read."""

    path: Path
    listing: Listing
    label_kind: str
    left_out: Tally
    changed: Tally
    skeletons: Skeletons
    where: str = field(init=False)
    """The file's path, for messages."""
    names: dict[int | str, str] = field(init=False)
    """Number of a category → its name."""
    met: list[Path] = field(default_factory=list)
    """Images of the folder that the file lists, as far as `images` has come."""

    _met: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.where = self.listing.where(self.path)
        categories = [(f"categories[{at}]", one) for at, one in enumerate(self._list("categories"))]
        self.names = {}
        for label, one in categories:
            number = self._once(one, "id", label, self.names)
            self.names[number] = self._text(one, "name", label)
        if self.label_kind == "keypoints":
            for label, one in categories:
                self.skeletons.add(one, f"{self.where}: {label}")

    def images(self) -> Iterator[LabelledImage]:
        """The images that are in the folder and can be opened, with their objects."""
        objects, ids = self._by_image(), set[int | str]()
        for at, one in enumerate(self._list("images")):
            where = f"images[{at}]"
            name, number = self._text(one, "file_name", where), self._once(one, "id", where, ids)
            ids.add(number)
            entries = objects.pop(number, [])
            path = self.listing.image_named(name, self.path.parent)
            if path is None:
                self.left_out.count(reasons.NO_FILE, f"{name} of {self.where}")
                continue
            if path in self._met:
                raise refuse(f"{self.where}: {where}.file_name", name, "each image once; take out the other entry")
            self._met.add(path)
            self.met.append(path)
            if (header := read_header(path)) is None:
                self.left_out.count(reasons.UNREADABLE_IMAGE, self.listing.where(path))
            elif placing := placing_in(header, _size(one), self.listing.where(path), self.left_out, self.changed):
                yield LabelledImage(path, placing.size_px, self._objects(entries, placing), self.path)
        for entries in objects.values():
            self.left_out.count(
                "object of an image that is not listed", f"{self.where}: annotations[{entries[0][0]}]", len(entries)
            )

    def _by_image(self) -> dict[int | str, list[tuple[int, JsonObject]]]:
        found: dict[int | str, list[tuple[int, JsonObject]]] = defaultdict(list)
        for at, one in enumerate(self._list("annotations")):
            found[self._id(one, "image_id", f"annotations[{at}]")].append((at, one))
        return found

    def _objects(self, entries: Sequence[tuple[int, JsonObject]], placing: Placing) -> tuple[Labelled, ...]:
        found: list[Labelled] = []
        for at, one in entries:
            label = f"annotations[{at}]"
            where = f"{self.where}: {label}"
            name = self._name(one, label)
            with placing.counting():
                found.append(self._object(one, name, placing, where))
        return tuple(found)

    def _object(self, one: JsonObject, name: str, placing: Placing, where: str) -> Labelled:
        if self.label_kind == "keypoints":
            return coco_keypoints.skeleton(one, name, self.skeletons.points.get(name, ()), placing, where)
        return (_mask if self.label_kind == "mask" else _box)(one, name, placing, where)

    def _name(self, one: JsonObject, label: str) -> str:
        number = self._id(one, "category_id", label)
        if number not in self.names:
            wanted = f"one of the categories {sorted(self.names, key=str)}; add it to `categories`, or mend it"
            raise refuse(f"{self.where}: {label}.category_id", str(number), wanted)
        return self.names[number]

    def _list(self, part: str) -> list[JsonObject]:
        content = _content(self.path)
        assert content is not None
        entries = content[part]
        for at, one in enumerate(entries):
            if not isinstance(one, dict):
                raise refuse(f"{self.where}: {part}[{at}]", repr(one)[:40], "an object with named fields")
        return list(entries)

    def _once(self, one: JsonObject, name: str, label: str, seen: Container[int | str]) -> int | str:
        """A number or a name that no other entry has."""
        number = self._id(one, name, label)
        if number in seen:
            raise refuse(f"{self.where}: {label}.{name}", str(number), "each id once; mend one of the two entries")
        return number

    def _text(self, one: JsonObject, name: str, label: str) -> str:
        """A text of an entry that is not empty."""
        value = one.get(name)
        if not isinstance(value, str) or not value:
            raise refuse(f"{self.where}: {label}.{name}", repr(value)[:40], "a text")
        return value

    def _id(self, one: JsonObject, name: str, label: str) -> int | str:
        """A number or a name of an entry; the format wants numbers, some programs write names."""
        value = one.get(name)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise refuse(f"{self.where}: {label}.{name}", repr(value)[:40], "a whole number")
        return value


def _box(one: JsonObject, name: str, placing: Placing, where: str) -> Box:
    if one.get("iscrowd"):
        raise NotTakenError(reasons.CROWD, where)
    if (corners := _corners(one)) is None:
        raise NotTakenError(reasons.NO_BOX, where)
    box = placing.box(name, corners, where)
    drawn = _drawn_corners(one, corners, placing.said_px)
    return replace(box, corners_px=clockwise(placing.turned(drawn))) if drawn else box


def _drawn_corners(one: JsonObject, sides: Sequence[float], said_px: Size) -> list[float] | None:
    """The 4 corners of a rotated box: those of a rectangle around which the box is drawn, inside the image."""
    pieces = one.get("segmentation")
    corners = _numbers(pieces[0]) if isinstance(pieces, list) and len(pieces) == 1 else None
    if corners is None or len(corners) != 8 or not all(map(math.isfinite, corners)) or not is_rotated_rectangle(corners):
        return None
    left, top, width, height = hull(corners)
    ends = (left, top, left + width, top + height)
    inside = [min(max(end, 0.0), float(side)) for end, side in zip(ends, (*said_px, *said_px), strict=True)]
    slack = SLACK * max(width, height)
    return corners if all(abs(end - side) <= slack for end, side in zip(inside, sides, strict=True)) else None


def _mask(one: JsonObject, name: str, placing: Placing, where: str) -> Mask:
    pieces = one.get("segmentation")
    if not pieces:
        raise NotTakenError(reasons.NO_MASK, where)
    if isinstance(pieces, list):
        polygons = [_numbers(piece) for piece in pieces]
        return placing.polygon_mask(name, [one for one in polygons if one is not None], where)
    if (rle := _run_lengths(pieces)) is None:
        raise NotTakenError(reasons.DAMAGED, where)
    return placing.pixel_mask(name, rle, where)


def _run_lengths(segmentation: object) -> str | None:
    """Compressed run lengths of either form; None if there is neither."""
    counts = _as_fields(segmentation).get("counts")
    if isinstance(counts, str):
        return counts
    is_counts = isinstance(counts, list) and all(isinstance(one, int) and 0 <= one <= _MOST_PIXELS for one in counts)
    return text_of(np.asarray(counts, np.int64)) if is_counts and counts else None


def _corners(one: JsonObject) -> tuple[float, ...] | None:
    """Corners of the box, or of the polygons where there is no box."""
    box = _numbers(one.get("bbox"))
    if box and len(box) == 4:
        return box[0], box[1], box[0] + box[2], box[1] + box[3]
    pieces = one.get("segmentation")
    points = [value for piece in pieces for value in _numbers(piece) or ()] if isinstance(pieces, list) else []
    if not points or len(points) % 2:
        return None
    left, top, width, height = hull(points)
    return left, top, left + width, top + height


def _size(one: JsonObject) -> tuple[int, int] | None:
    width, height = one.get("width"), one.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0 else None


def _is_of_places(annotations: Sequence[object]) -> bool:
    """Return True if the file holds boxes, masks or keypoints, or nothing at all; captions have none of them."""
    parts = ("bbox", "segmentation", "keypoints")
    return not annotations or any(_as_fields(one).get(part) for one in annotations for part in parts)


def _has_keypoints(content: JsonObject) -> bool:
    """Return True if a category names points, and an annotation has some."""
    return all(_any_has_points(content[part]) for part in ("categories", "annotations"))


def _with_keypoints(files: Sequence[Path]) -> list[Path]:
    """Those of the files that hold keypoints, or nothing although their categories have points."""
    contents = ((path, _content(path)) for path in files)
    return [
        path
        for path, content in contents
        if content is not None
        and (_has_keypoints(content) or (not content["annotations"] and _any_has_points(content["categories"])))
    ]


def _any_has_points(entries: Sequence[object]) -> bool:
    return any(_as_fields(one).get("keypoints") for one in entries)


def _as_fields(one: object) -> JsonObject:
    return one if isinstance(one, dict) else {}


def _numbers(values: object) -> list[float] | None:
    """A list of numbers; None if it is something else."""
    if not isinstance(values, list):
        return None
    numbers = [as_float(one) for one in values]
    return None if None in numbers else [one for one in numbers if one is not None]


def _content(path: Path) -> JsonObject | None:
    """The file's content, if it has the parts of COCO's."""
    status = path.stat()
    return _content_of(path, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=4)
def _content_of(path: Path, *_: int) -> JsonObject | None:
    """The content of a file with these times and sizes: another state of it is read again."""
    text = path.read_bytes()
    if not all(f'"{part}"'.encode() in text for part in _PARTS):
        return None
    del text
    content = read_json(path, path.name)
    if not isinstance(content, dict) or not all(isinstance(content.get(part), list) for part in _PARTS):
        return None
    return content
