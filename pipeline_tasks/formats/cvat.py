"""CVAT for images 1.1: an XML file with an `image` for each image, and in it boxes, polygons and masks, in pixels from 0.

A turned box is turned around its middle by `rotation` degrees. A mask's run lengths go by rows through its own rectangle, and begin
with background (https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/). In an image without objects nothing is there.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import UnusableXmlError, number_of, read_xml
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.gathering import Gathering
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import NotTakenError, Placing
from pipeline_tasks.geometry.polygons import hull
from pipeline_tasks.geometry.rectangles import clockwise
from pipeline_tasks.geometry.run_lengths import encode

NAME = "CVAT"
OTHER_SHAPE = "shape without an area, such as a line or points"
_SIDES = ("xtl", "ytl", "xbr", "ybr")
_OTHERS = ("polyline", "points", "cuboid", "ellipse", "skeleton")
_HEAD_BYTES = 4096


def find(listing: Listing) -> Finding | None:
    """The XML files whose root is `annotations`; None if there are none."""
    found = tuple(path for path in listing.ending_in(".xml") if b"<annotations" in _head(path))
    return Finding(found, ("box", "mask")) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the shapes of all these files.

    Raises:
        SettingsError: a shape has no label or a number that is none, or an image is there twice; the message names file and place.
    """
    gathering = Gathering(NAME, label_kind, listing)
    for path in finding.files:
        where = listing.where(path)
        try:
            root = read_xml(path)
        except UnusableXmlError as error:
            gathering.left_out.count(reasons.UNREADABLE_FILE, f"{where}: {error}")
            continue
        gathering.class_names |= {name for one in root.findall(".//labels/label/name") if (name := (one.text or "").strip())}
        for number, entry in enumerate(root.findall("image"), start=1):
            place = f"{where}: image {number}"
            name = _text(entry, "name", place)
            image = listing.image_named(name, path.parent)
            placing = gathering.placing(image, _size(entry, place), place, f"{name} of {where}")
            if image is not None and placing is not None:
                gathering.add(image, placing, _objects(entry, label_kind, placing, place), path)
    return gathering.folder()


def _objects(entry: ET.Element, label_kind: str, placing: Placing, where: str) -> tuple[Labelled, ...]:
    found: list[Labelled] = []
    for number, shape in enumerate(entry, start=1):
        place = f"{where}, shape {number} ({shape.tag})"
        if shape.tag in _OTHERS:
            placing.left_out.count(OTHER_SHAPE, place)
        elif shape.tag in ("box", "polygon", "mask"):
            name = _text(shape, "label", place)
            with placing.counting():
                found.append(_object(shape, name, label_kind, placing, place))
    return tuple(found)


def _object(shape: ET.Element, name: str, label_kind: str, placing: Placing, where: str) -> Labelled:
    if shape.tag == "mask":
        if label_kind == "box":
            raise NotTakenError(reasons.NO_BOX, where)
        return placing.pixel_mask(name, _mask(shape, placing, where), where)
    points = _corners(shape, where) if shape.tag == "box" else _points(shape, where)
    if not all(map(math.isfinite, points)):
        raise NotTakenError(reasons.DAMAGED, where)
    if label_kind == "mask":
        return placing.polygon_mask(name, [points], where)
    left, top, width, height = hull(points)
    box = placing.box(name, (left, top, left + width, top + height), where)
    return replace(box, corners_px=clockwise(placing.turned(points))) if shape.tag == "box" and _turn(shape, where) else box


def _corners(shape: ET.Element, where: str) -> list[float]:
    """The 4 corners of a box, turned around its middle."""
    left, top, right, bottom = (_number(shape, side, where) for side in _SIDES)
    corners = [left, top, right, top, right, bottom, left, bottom]
    if not (degrees := _turn(shape, where)) or right <= left or bottom <= top:
        return corners
    x, y, cos, sin = (left + right) / 2, (top + bottom) / 2, math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = []
    for at in range(0, 8, 2):
        across, down = corners[at] - x, corners[at + 1] - y
        turned += [x + across * cos - down * sin, y + across * sin + down * cos]
    return turned


def _turn(shape: ET.Element, where: str) -> float:
    return _number(shape, "rotation", where) % 360 if shape.get("rotation") else 0.0


def _points(shape: ET.Element, where: str) -> list[float]:
    said = shape.get("points") or ""
    pairs = [pair.split(",") for pair in said.split(";")]
    numbers = [number_of(word.strip()) for pair in pairs for word in pair]
    if None in numbers or any(len(pair) != 2 for pair in pairs):
        raise refuse(f"{where}: points", said[:40], "x,y;x,y;… in pixels")
    return [one for one in numbers if one is not None]


def _mask(shape: ET.Element, placing: Placing, where: str) -> str:
    """Run lengths over the whole image that the annotation is about."""
    place = [_number(shape, name, where) for name in ("left", "top", "width", "height")]
    words = [number_of(word.strip()) for word in (shape.get("rle") or "").split(",")]
    numbers = [one for one in (*place, *words) if one is not None and math.isfinite(one) and one >= 0 and one == int(one)]
    left, top, width, height, *runs = map(int, numbers) if len(numbers) == len(place) + len(words) else (0, 0, 0, 0)
    wide, high = placing.said_px
    if width < 1 or height < 1 or left + width > wide or top + height > high or sum(runs) != width * height:
        raise NotTakenError(reasons.DAMAGED, f"{where}: wanted the runs of all pixels of a rectangle inside the image")
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
    whole = np.zeros((high, wide), np.bool_)
    whole[top : top + height, left : left + width] = inside
    return encode(whole)


def _size(entry: ET.Element, where: str) -> tuple[int, int]:
    sides = [_number(entry, name, where) for name in ("width", "height")]
    if not all(math.isfinite(one) and one >= 1 for one in sides):
        raise refuse(f"{where}: width and height", f"{sides[0]:g} x {sides[1]:g}", "the size of the image")
    return int(sides[0]), int(sides[1])


def _number(element: ET.Element, name: str, where: str) -> float:
    said = element.get(name)
    number = None if said is None else number_of(said.strip())
    if number is None:
        raise refuse(f"{where}: {name}", repr(said)[:40], "a number")
    return number


def _text(element: ET.Element, name: str, where: str) -> str:
    said = (element.get(name) or "").strip()
    if not said:
        raise refuse(f"{where}: {name}", "nothing", "a text")
    return said


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)
