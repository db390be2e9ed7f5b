"""Keypoints of COCO: the points that a category names, and of each object x, y and a flag a point.

A flag is 0 for a point that is not labelled, 1 for a hidden one, 2 for a visible one. Positions are taken as they are written, from
the image's upper left corner. Crowds have no points of their own (https://cocodataset.org/#format-data).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import as_float
from pipeline_tasks.formats.finding import refuse
from pipeline_tasks.formats.labelled_folder import LabelledImage, Tally
from pipeline_tasks.formats.placing import NotTakenError, Placing
from pipeline_tasks.geometry.polygons import hull
from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.kinds.keypoints.skeleton import HIDDEN, VISIBLE, Point, Skeleton

NO_POINTS = "object of a category that names no points"
NO_POINT = "object without a labelled point"
COUNTED_OTHERWISE = "object whose num_keypoints is not the number of its labelled points, which were taken"
POINT_OUTSIDE = "point outside its image, left out of its object"
_SAME = 1e-6
"""Share of the longer side by which a box may differ from the hull of its points and still be that."""


@dataclass(frozen=True)
class Skeletons:
    """Points of the categories of all files, and lines between them."""

    points: dict[str, tuple[str, ...]] = field(default_factory=dict)
    edges: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def add(self, category: JsonObject, where: str) -> None:
        """Take the points of a category; one without points is none of these.

        Raises:
            SettingsError: its points are no names, differ from those of another file, or a line names none of them.
        """
        names, name = category.get("keypoints"), str(category.get("name"))
        if not names:
            return
        if not isinstance(names, list) or len({str(one) for one in names}) < len(names):
            raise refuse(f"{where}.keypoints", repr(names)[:60], "a list of different names")
        points = tuple(str(one) for one in names)
        if self.points.setdefault(name, points) != points:
            wanted = f"those of {name!r} in another file, {list(self.points[name])}; name one of the files as IMAGES"
            raise refuse(f"{where}.keypoints", str(list(points)), wanted)
        self.edges[name] = tuple(_edge(pair, points, f"{where}.skeleton[{at}]") for at, pair in enumerate(_lines(category)))

    def options(self, *, has_boxes: bool) -> dict[str, Json]:
        """The section `labels` of a project with these objects."""
        return {
            "skeleton": {name: list(points) for name, points in self.points.items()},
            "edges": {name: [list(pair) for pair in pairs] for name, pairs in self.edges.items() if pairs},
            "things": "boxes" if has_boxes else "one",
        }


def skeleton(one: JsonObject, class_name: str, points: Sequence[str], placing: Placing, where: str) -> Skeleton:
    """The labelled points of an object, with its box unless that is the hull of its points.

    Raises:
        NotTakenError: a crowd, no points, numbers that cannot be read, or a box without a size or outside the image.
    """
    if one.get("iscrowd"):
        raise NotTakenError(reasons.CROWD, where)
    if not points:
        raise NotTakenError(NO_POINTS, where)
    placed = _placed(one, points, where)
    if not placed:
        raise NotTakenError(NO_POINT, where)
    stated = one.get("num_keypoints")
    if stated is not None and stated != len(placed):
        placing.changed.count(COUNTED_OTHERWISE, where)
    found = tuple(point for point in (_turned(point, placing, where) for point in placed) if point is not None)
    if not found:
        raise NotTakenError(reasons.OUTSIDE, where)
    return _with_box(Skeleton(class_name, found), one, placed, placing, where)


def in_one_form(images: Iterable[LabelledImage], left_out: Tally) -> tuple[list[LabelledImage], bool]:
    """The images with a box around every thing, if any has one or an image has two of a class; and that, as a truth value."""
    known = list(images)
    things = [[one for one in image.objects if isinstance(one, Skeleton)] for image in known]
    has_boxes = any(one.x_min_px is not None for of_image in things for one in of_image) or any(
        len({one.class_name for one in of_image}) < len(of_image) for of_image in things
    )
    if not has_boxes:
        return known, False
    boxed = []
    for image, of_image in zip(known, things, strict=True):
        objects = tuple(one for one in map(_boxed, of_image) if one is not None)
        if lost := len(of_image) - len(objects):
            left_out.count(reasons.NO_SIZE, image.path.name, lost)
        boxed.append(replace(image, objects=objects))
    return boxed, True


def _lines(category: JsonObject) -> list[object]:
    lines = category.get("skeleton")
    return lines if isinstance(lines, list) else []


def _edge(pair: object, points: Sequence[str], where: str) -> tuple[str, str]:
    """Two points by their numbers, which begin at 1."""
    numbers = list(pair) if isinstance(pair, list | tuple) else []
    if len(numbers) != 2 or not all(isinstance(one, int) and 1 <= one <= len(points) for one in numbers):
        raise refuse(where, repr(pair)[:40], f"two numbers from 1 to {len(points)}")
    return points[numbers[0] - 1], points[numbers[1] - 1]


def _placed(one: JsonObject, names: Sequence[str], where: str) -> list[Point]:
    """The labelled points, as they are written."""
    numbers = one.get("keypoints")
    if not numbers:
        return []
    if not isinstance(numbers, list) or len(numbers) != 3 * len(names):
        raise NotTakenError(reasons.DAMAGED, f"{where}: wanted 3 numbers for each of {len(names)} points")
    if not all((value := as_float(one)) is not None and math.isfinite(value) for one in numbers):
        raise NotTakenError(reasons.DAMAGED, where)
    if strange := [flag for flag in numbers[2::3] if flag not in (0, HIDDEN, VISIBLE)]:
        raise NotTakenError(reasons.DAMAGED, f"{where}: the flag {strange[0]} is none of 0, 1 and 2")
    triples = zip(names, numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return [Point(name, float(x), float(y), flag == VISIBLE) for name, x, y, flag in triples if flag]


def _turned(point: Point, placing: Placing, where: str) -> Point | None:
    """The point in the upright image; None outside of it."""
    inside = placing.point((point.x_px, point.y_px))
    if inside is None:
        placing.changed.count(POINT_OUTSIDE, f"{where}: {point.name}")
        return None
    return replace(point, x_px=inside[0], y_px=inside[1])


def _with_box(thing: Skeleton, one: JsonObject, placed: Sequence[Point], placing: Placing, where: str) -> Skeleton:
    box = one.get("bbox")
    sides = [side for one in box if (side := as_float(one)) is not None] if isinstance(box, list) else []
    if len(sides) != 4:
        return thing
    around = hull([value for point in placed for value in (point.x_px, point.y_px)])
    if all(abs(mine - theirs) <= _SAME * max(placing.size_px) for mine, theirs in zip(sides, around, strict=True)):
        return thing
    drawn = placing.box(thing.class_name, (sides[0], sides[1], sides[0] + sides[2], sides[1] + sides[3]), where)
    return Skeleton(thing.class_name, thing.points, drawn.x_min_px, drawn.y_min_px, drawn.width_px, drawn.height_px)


def _boxed(thing: Skeleton) -> Skeleton | None:
    """The thing with a box; None if its points span none."""
    left, top, width, height = thing.box_px
    return replace(thing, x_min_px=left, y_min_px=top, width_px=width, height_px=height) if width > 0 and height > 0 else None
