"""Boxes in Label Studio's results, read and written.

A rotated box stands there as the rectangle before its rotation, which turns clockwise around the top left corner. Here it is its
axis-aligned hull with the 4 corners as drawn. The hull of a rotated box ends at the image's border; other boxes must lie inside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline_tasks.geometry.orientation import DECIMALS, shown_size, to_percent, to_px
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.refused import Refused

CONTROL = "box"
"""Name of the control that asks for boxes."""
TYPE = "rectanglelabels"
SLACK = 1e-6
"""Share of a side by which rounding may move an edge over the border; the edge is put back onto it."""
ADDED = frozenset({"choices", "textarea", "rating", "number", "taxonomy", "datetime", "pairwise", "relation"})
"""Answers about the image as a whole, to questions that people added; not used if boxes were asked for, too."""

Size = tuple[int, int]


def read_boxes(result: Sequence[JsonObject]) -> tuple[Box | Refused, ...]:
    """Objects of one annotation, in order; none for an empty result.

    An annotation that only answers another form is refused: it does not say that nothing is there.
    """
    regions = [one for one in result if one.get("type") not in ADDED]
    if not regions and result:
        return (Refused(None, f"an answer to another form ({', '.join(sorted({str(one.get('type')) for one in result}))})"),)
    return tuple(_read(number, one) for number, one in enumerate(regions, start=1))


def write_boxes(boxes: Sequence[Box], size_px: Size) -> list[JsonObject]:
    """The boxes as Label Studio's `result`, for pre-annotations."""
    return [_written(number, box, size_px) for number, box in enumerate(boxes, start=1)]


def _read(number: int, one: JsonObject) -> Box | Refused:
    value = one.get("value")
    names = value.get(TYPE) if isinstance(value, Mapping) else None
    named = [str(name) for name in names] if isinstance(names, list) else []
    name = "+".join(named) or None
    if one.get("type") not in (TYPE, "rectangle"):
        return Refused(name, f"object {number} is of another form ({one.get('type')})")
    where = f"box {number} ({name or 'no class'})"
    if not named or not isinstance(value, Mapping):
        return Refused(None, f"{where} has no class")
    if len(named) > 1:
        return Refused(name, f"{where} has {len(named)} classes; one is wanted")
    try:
        return _placed(named[0], value, shown_size(one))
    except (ValueError, KeyError, TypeError) as error:
        problem = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        return Refused(name, f"{where} {problem}")


def _placed(name: str, value: Mapping[str, Any], size_px: Size) -> Box:
    """The box of one value.

    Raises:
        ValueError: it has no size, or lies outside the image.
        KeyError, TypeError: it lacks a number.
    """
    numbers = [float(value[field]) for field in ("x", "y", "width", "height")]
    if not all(math.isfinite(one) for one in numbers):
        raise ValueError(f"has a position that is not a number: {numbers}")
    x, y, width, height = (to_px(one, side) for one, side in zip(numbers, (*size_px, *size_px), strict=True))
    if width <= 0 or height <= 0:
        raise ValueError(f"has no size: {width:g} x {height:g} pixels")
    turn = float(value.get("rotation") or 0) % 360
    if not turn:
        return _inside(name, (x, y, x + width, y + height), size_px, may_reach_out=False)
    corners = _corners(x, y, width, height, turn)
    hull = min(corners[::2]), min(corners[1::2]), max(corners[::2]), max(corners[1::2])
    return replace(_inside(name, hull, size_px, may_reach_out=True), corners_px=corners)


def _inside(name: str, edges: tuple[float, float, float, float], size_px: Size, *, may_reach_out: bool) -> Box:
    """The box inside the image with these left, top, right and bottom edges.

    Raises:
        ValueError: it is not inside; a box that may reach out must have a part inside.
    """
    (left, top, right, bottom), (width, height) = edges, size_px
    says = f"from {left:g}, {top:g} to {right:g}, {bottom:g}, in an image of {width} x {height} pixels"
    if may_reach_out and (right <= 0 or bottom <= 0 or left >= width or top >= height):
        raise ValueError(f"lies outside the image: {says}")
    across, down = SLACK * width, SLACK * height
    if not may_reach_out and (left < -across or top < -down or right > width + across or bottom > height + down):
        raise ValueError(f"reaches out of the image: {says}")
    left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))
    return Box(name, round(left, DECIMALS), round(top, DECIMALS), round(right - left, DECIMALS), round(bottom - top, DECIMALS))


def _corners(x: float, y: float, width: float, height: float, degrees: float) -> tuple[float, ...]:
    """Corners of a rectangle turned clockwise around its first corner."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along, down = (width * cosine, width * sine), (-height * sine, height * cosine)
    points = ((x, y), (x + along[0], y + along[1]), (x + along[0] + down[0], y + along[1] + down[1]), (x + down[0], y + down[1]))
    return tuple(round(one, DECIMALS) for point in points for one in point)


def _written(number: int, box: Box, size_px: Size) -> JsonObject:
    x, y, width, height, degrees = _drawn(box)
    sides = zip(("x", "y", "width", "height"), (x, y, width, height), (*size_px, *size_px), strict=True)
    value: dict[str, Any] = {field: to_percent(px, side) for field, px, side in sides}
    about: dict[str, Any] = {"original_width": size_px[0], "original_height": size_px[1], "image_rotation": 0}
    about |= {"id": f"box-{number}", "from_name": CONTROL, "to_name": "picture", "type": TYPE}
    scored = {} if box.confidence is None else {"score": box.confidence}
    return about | {"value": value | {"rotation": degrees, TYPE: [box.class_name]}} | scored


def _drawn(box: Box) -> Iterator[float]:
    """x, y, width, height and rotation of the rectangle as it was drawn."""
    if not box.corners_px:
        yield from (box.x_min_px, box.y_min_px, box.width_px, box.height_px, 0.0)
        return
    x, y, right_x, right_y, _, _, low_x, low_y = box.corners_px
    width, height = math.hypot(right_x - x, right_y - y), math.hypot(low_x - x, low_y - y)
    yield from (x, y, width, height)
    # Corners are rounded, so the longer side says the angle more exactly.
    turn = math.atan2(right_y - y, right_x - x) if width >= height else math.atan2(x - low_x, low_y - y)
    yield math.degrees(turn) % 360
