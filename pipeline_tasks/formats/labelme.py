"""LabelMe: a JSON file an image, with `shapes` of points in pixels of the stored or the upright image, whichever size it says.

Rectangles and polygons are boxes and masks; circles, lines and points have no area that others would draw alike, and are left out
(https://github.com/wkentaro/labelme).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import as_float, read_json
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.gathering import Gathering
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import NotTakenError, Placing
from pipeline_tasks.geometry.polygons import hull
from pipeline_tasks.json_values import JsonObject

NAME = "LabelMe"
OTHER_SHAPE = "shape without an area, such as a line or a point"
_PARTS = (b'"shapes"', b'"imagePath"')


def find(listing: Listing) -> Finding | None:
    """The JSON files with shapes of an image; None if there are none."""
    found = tuple(path for path in listing.ending_in(".json") if _has_parts(path))
    return Finding(found, ("box", "mask")) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the shapes of all these files.

    Raises:
        SettingsError: a field is not what it must be, or two files are of one image; the message names file and field.
    """
    gathering = Gathering(NAME, label_kind, listing)
    for path in finding.files:
        where, content = listing.where(path), read_json(path, listing.where(path))
        shapes = content.get("shapes") if isinstance(content, dict) else None
        if not isinstance(content, dict) or not isinstance(shapes, list):
            raise refuse(f"{where}: shapes", repr(shapes)[:40], "a list of shapes")
        said = content.get("imagePath")
        if not isinstance(said, str):
            raise refuse(f"{where}: imagePath", repr(said)[:40], "the image's file name")
        image = listing.image_of_stem(path.stem, path.parent) or listing.image_named(said, path.parent)
        placing = gathering.placing(image, _size(content), where, f"{said} of {where}")
        if image is not None and placing is not None:
            gathering.add(image, placing, _objects(shapes, label_kind, placing, where), path)
    return gathering.folder()


def _objects(shapes: Sequence[object], label_kind: str, placing: Placing, where: str) -> tuple[Labelled, ...]:
    found: list[Labelled] = []
    for number, shape in enumerate(shapes):
        place = f"{where}: shapes[{number}]"
        if not isinstance(shape, dict):
            raise refuse(place, repr(shape)[:40], "an object with label and points")
        name = shape.get("label")
        if not isinstance(name, str) or not name:
            raise refuse(f"{place}.label", repr(name)[:40], "the name of a class")
        points = _points(shape.get("points"), f"{place}.points")
        with placing.counting():
            found.append(_object(name, str(shape.get("shape_type") or "polygon"), points, label_kind, placing, place))
    return tuple(found)


def _object(name: str, shape_type: str, points: list[float], label_kind: str, placing: Placing, where: str) -> Labelled:
    is_rectangle = shape_type == "rectangle" and len(points) == 4
    if not is_rectangle and not (shape_type == "polygon" and len(points) >= 6):
        raise NotTakenError(OTHER_SHAPE, f"{where} ({shape_type})")
    if not all(map(math.isfinite, points)):
        raise NotTakenError(reasons.DAMAGED, where)
    left, top, width, height = hull(points)
    corners = (left, top, left + width, top + height)
    if label_kind == "box":
        return placing.box(name, corners, where)
    if is_rectangle:
        points = [corners[0], corners[1], corners[2], corners[1], corners[2], corners[3], corners[0], corners[3]]
    return placing.polygon_mask(name, [points], where)


def _points(said: object, where: str) -> list[float]:
    """All points as x, y, x, y."""
    pairs = said if isinstance(said, list) else None
    if pairs is None or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise refuse(where, repr(said)[:40], "a list of pairs of numbers")
    numbers = [as_float(one) for pair in pairs for one in pair]
    if None in numbers:
        raise refuse(where, repr(said)[:40], "a list of pairs of numbers")
    return [one for one in numbers if one is not None]


def _size(content: JsonObject) -> tuple[int, int] | None:
    width, height = content.get("imageWidth"), content.get("imageHeight")
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0 else None


def _has_parts(path: Path) -> bool:
    content = path.read_bytes()
    return all(part in content for part in _PARTS)
