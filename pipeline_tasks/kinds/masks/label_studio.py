"""Masks in Label Studio's results, read and written: polygons in percent of the image's sides, and a brush's run lengths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline_tasks.geometry import run_lengths
from pipeline_tasks.geometry.orientation import shown_size, to_percent, to_px
from pipeline_tasks.geometry.polygons import crosses_itself
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.masks import brush
from pipeline_tasks.kinds.masks.mask import Mask, mask_of_polygon
from pipeline_tasks.kinds.refused import Refused

POLYGON, BRUSH = "polygon", "brush"
"""Names of the two controls that ask for masks."""
TYPES = {"polygonlabels": POLYGON, "brushlabels": BRUSH}
"""Type of a result → what was drawn."""
SLACK = 1e-6
"""Share of a side by which rounding may move a point over the border; the point is put back onto it."""
ADDED = frozenset({"choices", "textarea", "rating", "number", "taxonomy", "datetime", "pairwise", "relation"})
"""Answers about the image as a whole, to questions that people added; not used if masks were asked for, too."""

Size = tuple[int, int]


def read_masks(result: Sequence[JsonObject]) -> tuple[Mask | Refused, ...]:
    """Objects of one annotation, in order; none for an empty result.

    An annotation that only answers another form is refused: it does not say that nothing is there.
    """
    regions = [one for one in result if one.get("type") not in ADDED]
    if not regions and result:
        return (Refused(None, f"an answer to another form ({', '.join(sorted({str(one.get('type')) for one in result}))})"),)
    return tuple(_read(number, one) for number, one in enumerate(regions, start=1))


def write_masks(masks: Sequence[Mask], size_px: Size) -> list[JsonObject]:
    """The masks as Label Studio's `result`: polygons that were drawn as such, else a brush.

    Raises:
        ValueError: a mask is of an image of another size.
    """
    return [_written(number, mask, size_px) for number, mask in enumerate(masks, start=1)]


def _read(number: int, one: JsonObject) -> Mask | Refused:
    kind = str(one.get("type"))
    value = one.get("value")
    names = value.get(kind) if isinstance(value, Mapping) else None
    named = [str(name) for name in names] if isinstance(names, list) else []
    name = "+".join(named) or None
    if kind not in TYPES:
        return Refused(name, f"object {number} is of another form ({kind})")
    where = f"{TYPES[kind]} {number} ({name or 'no class'})"
    if not named or not isinstance(value, Mapping):
        return Refused(None, f"{where} has no class")
    if len(named) > 1:
        return Refused(name, f"{where} has {len(named)} classes; one is wanted")
    try:
        read = _polygon if TYPES[kind] == POLYGON else _brush
        mask = read(named[0], value, shown_size(one))
    except (ValueError, KeyError, TypeError) as error:
        problem = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        return Refused(name, f"{where} {problem}")
    return mask if mask.area_px else Refused(name, f"{where} has no pixels")


def _polygon(name: str, value: Mapping[str, Any], size_px: Size) -> Mask:
    """The mask of a polygon.

    Raises:
        ValueError: it is open, has fewer than 3 points, reaches out of the image, or crosses itself.
        KeyError, TypeError: it lacks its points.
    """
    if not value.get("closed", True):
        raise ValueError("is not closed: click its first point to close it")
    points = [_point(one) for one in value["points"]]
    if len(set(points)) < 3:
        raise ValueError(f"has {len(set(points))} different points; a polygon has at least 3")
    placed = [_inside(to_px(one, side), side, size_px) for point in points for one, side in zip(point, size_px, strict=True)]
    if crosses_itself(placed):
        raise ValueError("crosses itself: draw it as two polygons, or move its points")
    return mask_of_polygon(name, placed, size_px)


def _point(one: Any) -> tuple[float, float]:
    """A point in percent of the image's sides."""
    try:
        x, y = one
        return float(x), float(y)
    except (TypeError, ValueError):
        raise ValueError(f"has a point that is not two numbers: {one!r}") from None


def _inside(px: float, side_px: int, size_px: Size) -> float:
    """A position along a side; rounding may have moved it a little beyond."""
    if not math.isfinite(px):
        raise ValueError(f"has a position that is not a number: {px}")
    if not -SLACK * side_px <= px <= (1 + SLACK) * side_px:
        raise ValueError(f"reaches out of the image: {px:g} px, in an image of {size_px[0]} x {size_px[1]} pixels")
    return min(max(px, 0.0), float(side_px))


def _brush(name: str, value: Mapping[str, Any], size_px: Size) -> Mask:
    """The mask of a brush.

    Raises:
        ValueError: its run lengths are damaged, or of an image of another size.
        KeyError, TypeError: it lacks its run lengths.
    """
    if value.get("format", "rle") != "rle":
        raise ValueError(f"has the format {value['format']!r}; wanted 'rle'")
    return Mask(name, run_lengths.encode(brush.decode(value["rle"], size_px)), size_px)


def _written(number: int, mask: Mask, size_px: Size) -> JsonObject:
    if mask.size_px != size_px:
        raise ValueError(f"mask {number} ({mask.class_name}): of {mask.size_px} pixels, the image has {size_px}")
    about: dict[str, Any] = {"original_width": size_px[0], "original_height": size_px[1], "image_rotation": 0}
    about |= {} if mask.confidence is None else {"score": mask.confidence}
    if mask.polygon_px:
        pairs = zip(mask.polygon_px[::2], mask.polygon_px[1::2], strict=True)
        points = [[to_percent(x, size_px[0]), to_percent(y, size_px[1])] for x, y in pairs]
        value = {"points": points, "closed": True, "polygonlabels": [mask.class_name]}
        return about | {"id": f"mask-{number}", "from_name": POLYGON, "to_name": "picture", "type": "polygonlabels", "value": value}
    packed = brush.encode(run_lengths.decode(mask.rle, size_px))
    value = {"format": "rle", "rle": packed, "brushlabels": [mask.class_name]}
    return about | {"id": f"mask-{number}", "from_name": BRUSH, "to_name": "picture", "type": "brushlabels", "value": value}
