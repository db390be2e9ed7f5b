"""Keypoints in Label Studio's results, read and written.

A point is a region with the label `class: point`; a choice of the same region says that it is hidden. Where several things of a
class may be in an image, a box with the class is drawn around each. A point belongs to the box that it was put under in Label
Studio's list of regions, or else to the smallest box of its class around it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.geometry.orientation import shown_size, to_percent, to_px
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.label_studio import SLACK, read_boxes, write_boxes
from pipeline_tasks.kinds.boxes.label_studio import TYPE as BOX_TYPE
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton, in_order
from pipeline_tasks.kinds.refused import Refused

POINT, BOX, VISIBILITY, HIDDEN = "point", "thing", "visibility", "hidden"
"""Names of the controls, and the choice that says that a point is hidden."""
POINT_TYPE, CHOICES = "keypointlabels", "choices"
EDGE_PX = 1e-3
"""A point so near to a box's edge is in the box."""
WIDTH_PERCENT = 0.75
"""Size of a drawn point."""

Size = tuple[int, int]
Names = Mapping[str, Sequence[str]]
"""Class → its points, in order."""


@dataclass(frozen=True)
class _Placed:
    """A point of a class, with its number in the annotation."""

    class_name: str
    point: Point
    where: str
    parent: str | None
    """Id of the box that it was put under."""


def label_of(class_name: str, point: str) -> str:
    """Label of a point in the form."""
    return f"{class_name}: {point}"


def read_skeletons(result: Sequence[JsonObject], names: Names, *, has_boxes: bool) -> tuple[Skeleton | Refused, ...]:
    """Things of one annotation; in order of their boxes, or of the project's classes. What cannot be used is refused."""
    regions = [one for one in result if one.get("type") in (POINT_TYPE, "keypoint")]
    rectangles = [one for one in result if one.get("type") == BOX_TYPE]
    if result and not regions and not rectangles:
        kinds = ", ".join(sorted({str(one.get("type")) for one in result}))
        return (Refused(None, f"an annotation of another form ({kinds})"),)
    hidden = {str(one.get("id")) for one in result if one.get("type") == CHOICES and HIDDEN in _choices(one)}
    read = [_read(number, one, names, str(one.get("id")) in hidden) for number, one in enumerate(regions, start=1)]
    placed = [one for one in read if isinstance(one, _Placed)]
    refused = [one for one in read if isinstance(one, Refused)]
    if has_boxes:
        ids = [str(one.get("id")) for one in rectangles]
        return (*_in_boxes(read_boxes(rectangles), ids, placed, names), *refused)
    drawn = [Refused(None, "a box, which this project does not ask for (labels.things: one)")] if rectangles else []
    classes = [name for name in names if any(one.class_name == name for one in placed)]
    found = [_thing(name, [one for one in placed if one.class_name == name], names, "the image") for name in classes]
    return (*found, *refused, *drawn)


def write_skeletons(things: Sequence[Skeleton], size_px: Size) -> list[JsonObject]:
    """The things as Label Studio's `result`, for pre-annotations."""
    return [region for number, thing in enumerate(things, start=1) for region in _written(number, thing, size_px)]


def _choices(one: JsonObject) -> list[str]:
    value = one.get("value")
    found = value.get(CHOICES) if isinstance(value, Mapping) else None
    return [str(name) for name in found] if isinstance(found, list) else []


def _read(number: int, one: JsonObject, names: Names, is_hidden: bool) -> _Placed | Refused:
    value = one.get("value")
    labels = value.get(POINT_TYPE) if isinstance(value, Mapping) else None
    label = "+".join(map(str, labels)) if isinstance(labels, list) else ""
    where = f"point {number} ({label or 'no name'})"
    by_label = {label_of(class_name, point): (class_name, point) for class_name, points in names.items() for point in points}
    if label not in by_label or not isinstance(value, Mapping):
        return Refused(None, f"{where} is no point of the skeleton")
    class_name, name = by_label[label]
    try:
        width, height = shown_size(one)
        x, y = to_px(value["x"], width), to_px(value["y"], height)
    except (ValueError, KeyError, TypeError) as error:
        return Refused(class_name, f"{where} {f'lacks {error}' if isinstance(error, KeyError) else error}")
    if not (math.isfinite(x) and math.isfinite(y)):
        return Refused(class_name, f"{where} has a position that is not a number")
    if not (-SLACK * width <= x <= width * (1 + SLACK) and -SLACK * height <= y <= height * (1 + SLACK)):
        return Refused(class_name, f"{where} lies outside the image: {x:g}, {y:g}, in an image of {width} x {height} pixels")
    point = Point(name, min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height)), not is_hidden)
    return _Placed(class_name, point, where, one.get("parentID"))


def _in_boxes(
    boxes: Sequence[Box | Refused], ids: Sequence[str], placed: Sequence[_Placed], names: Names
) -> list[Skeleton | Refused]:
    """The things in drawn boxes, and points that are in no box of their class."""
    inside: dict[int, list[_Placed]] = {}
    alone: list[Skeleton | Refused] = []
    for one in placed:
        around = [at for at, box in enumerate(boxes) if isinstance(box, Box) and _is_around(box, one)]
        around = [at for at in around if ids[at] == one.parent] or around
        if around:
            sizes = {at: box.width_px * box.height_px for at, box in enumerate(boxes) if isinstance(box, Box)}
            inside.setdefault(min(around, key=lambda at: (sizes[at], at)), []).append(one)
        else:
            alone.append(Refused(one.class_name, f"{one.where} is in no box of {one.class_name}"))
    return [_boxed(at, box, inside.get(at, []), names) for at, box in enumerate(boxes)] + alone


def _is_around(box: Box, one: _Placed) -> bool:
    across, down = one.point.x_px - box.x_min_px, one.point.y_px - box.y_min_px
    is_inside = -EDGE_PX <= across <= box.width_px + EDGE_PX and -EDGE_PX <= down <= box.height_px + EDGE_PX
    return box.class_name == one.class_name and is_inside


def _boxed(at: int, box: Box | Refused, placed: Sequence[_Placed], names: Names) -> Skeleton | Refused:
    if isinstance(box, Refused):
        return box
    where = f"box {at + 1} ({box.class_name})"
    if box.corners_px:
        return Refused(box.class_name, f"{where} is rotated; draw it upright")
    if box.class_name in names and not placed:
        return Refused(box.class_name, f"{where} has no point of its class in it")
    thing = _thing(box.class_name, placed, names, where)
    if isinstance(thing, Refused):
        return thing
    return Skeleton(thing.class_name, thing.points, box.x_min_px, box.y_min_px, box.width_px, box.height_px)


def _thing(class_name: str, placed: Sequence[_Placed], names: Names, where: str) -> Skeleton | Refused:
    """A thing of these points; each may be there once."""
    points = {one.point.name: one.point for one in placed}
    if len(points) < len(placed):
        twice = next(one for at, one in enumerate(placed) if one.point.name in {other.point.name for other in placed[:at]})
        return Refused(class_name, f"{twice.where} is the second one in {where}")
    return Skeleton(class_name, in_order(points, names.get(class_name, ())))


def _written(number: int, thing: Skeleton, size_px: Size) -> list[JsonObject]:
    about: JsonObject = {"original_width": size_px[0], "original_height": size_px[1], "image_rotation": 0, "to_name": "picture"}
    regions: list[JsonObject] = []
    if thing.x_min_px is not None:
        (box,) = write_boxes([Box(thing.class_name, *thing.box_px, confidence=thing.confidence)], size_px)
        regions.append(box | {"id": f"thing-{number}", "from_name": BOX})
    for point in thing.points:
        x, y = to_percent(point.x_px, size_px[0]), to_percent(point.y_px, size_px[1])
        place: JsonObject = {"x": x, "y": y, "width": WIDTH_PERCENT}
        mine = about | {"id": f"thing-{number}-{point.name}"} | ({} if thing.x_min_px is None else {"parentID": f"thing-{number}"})
        labels = {POINT_TYPE: [label_of(thing.class_name, point.name)]}
        regions.append(mine | {"from_name": POINT, "type": POINT_TYPE, "value": place | labels})
        if not point.is_visible:
            regions.append(mine | {"from_name": VISIBILITY, "type": CHOICES, "value": place | {CHOICES: [HIDDEN]}})
    return regions
