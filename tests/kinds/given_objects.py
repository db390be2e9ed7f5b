"""Objects of every label kind: the settings of a project, and what is true of an image.

A kind enters the tests of all kinds by its line in `DRAWN`: those of its parts, of its labels, and of labels drawn in Label Studio.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from kinds.boxes.given_boxes import NAMES as BOX_NAMES
from kinds.keypoints.given_things import POINTS, some_things
from kinds.masks.given_masks import NAMES as MASK_NAMES
from kinds.masks.given_masks import painted, random_masks
from kinds.texts.given_texts import some_boxes

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.masks.mask import Mask, mask_of_polygon
from pipeline_tasks.kinds.texts.text_object import Text

WIDE, HIGH = 360, 250
CLASSES = [f'class {number} "é漢字" <&>' for number in range(250)]
Truth = Callable[[int, int], Sequence[Any]]
"""Seed and number of objects → objects of an image of `WIDE` x `HIGH` pixels."""


@dataclass(frozen=True)
class Drawn:
    """A label kind with its settings, and objects of it."""

    label_kind: str
    truth: Truth
    classes: Sequence[str] = ()
    labels: Mapping[str, Any] = field(default_factory=dict)
    at_border: Sequence[Any] = ()
    """Objects that touch each side of the image; none for kinds without places."""
    many: int = 1000
    """Number of objects of an image with many of them; boxes and masks have tests of 1,000 of their own."""

    @property
    def is_one_an_image(self) -> bool:
        """Return True if an image has one object."""
        return self.many == 1

    @property
    def settings(self) -> dict[str, Any]:
        """Keys of a project file, for `given.a_project`."""
        return {"label_kind": self.label_kind, "classes": list(self.classes), "labels": dict(self.labels)}


def one_class(seed: int, _: int) -> list[ClassObject]:
    """The class of an image."""
    return [ClassObject(CLASSES[seed % len(CLASSES)])]


def several_classes(seed: int, count: int) -> list[ClassObject]:
    """Different classes of an image."""
    return [ClassObject(CLASSES[at]) for at in np.random.default_rng(seed).choice(len(CLASSES), count, replace=False)]


def boxes(seed: int, count: int) -> list[Box]:
    """Boxes anywhere in the image, some of them at its border."""
    drawn = np.random.default_rng([seed, 3])
    found = []
    for at in range(count):
        wide, high = (float(round(one, 3)) for one in drawn.uniform(2, 60, 2))
        left, top = (float(round(one, 3)) for one in drawn.random(2) * (WIDE - wide, HIGH - high))
        left, top = (0.0 if at % 10 == 0 else left), (HIGH - high if at % 10 == 1 else top)
        found.append(Box(BOX_NAMES[at % len(BOX_NAMES)], left, top, wide, high))
    return found


def rotated_boxes(seed: int, count: int) -> list[Box]:
    """Boxes at any angle, all of them inside the image."""
    drawn = np.random.default_rng([seed, 4])
    found = []
    for at in range(count):
        centre = drawn.uniform(60, (WIDE - 60, HIGH - 60))
        turn, half = drawn.uniform(0, 2 * math.pi), drawn.uniform(2, 40, 2)
        along, down = half[0] * np.array([math.cos(turn), math.sin(turn)]), half[1] * np.array([-math.sin(turn), math.cos(turn)])
        corners = np.array([centre - along - down, centre + along - down, centre + along + down, centre - along + down])
        (x, y), (wide, high) = corners.min(axis=0).tolist(), np.ptp(corners, axis=0).tolist()
        found.append(Box(BOX_NAMES[at % len(BOX_NAMES)], x, y, wide, high, tuple(corners.ravel().tolist())))
    return found


def regions(seed: int, count: int) -> list[Mask]:
    """A region of each of so many classes, by turns a polygon and the pixels of a brush; none touches another."""
    drawn = np.random.default_rng([seed, 5])
    columns = math.ceil(math.sqrt(count * WIDE / HIGH))
    side = min(WIDE // columns, HIGH // math.ceil(count / columns))
    found = []
    for at in range(count):
        x, y = at % columns * side, at // columns * side
        if at % 2:
            turns = (np.arange(7) + drawn.random(7)) * 2 * math.pi / 7
            radii = drawn.uniform(0.6, 1, 7) * side / 2
            points = np.stack([x + side / 2 + radii * np.cos(turns), y + side / 2 + radii * np.sin(turns)], axis=1)
            found.append(mask_of_polygon(CLASSES[at], points.ravel().tolist(), (WIDE, HIGH)))
        else:
            pixels = np.zeros((HIGH, WIDE), bool)
            pixels[y : y + side, x : x + side] = drawn.random((side, side)) < 0.7
            found.append(painted(CLASSES[at], pixels))
    return found


def masks(seed: int, count: int) -> list[Mask]:
    """Polygons and pixels of a brush that may overlap."""
    return list(random_masks(2 * count, (WIDE, HIGH), seed)[:count])


BOXES_AT_BORDER = [Box(BOX_NAMES[0], 0, 0, WIDE, HIGH), Box(BOX_NAMES[1], WIDE - 1, HIGH - 1, 1, 1)]
MIDDLE = HIGH / 2
ROTATED_AT_BORDER = [
    Box(BOX_NAMES[0], left, 0, HIGH, HIGH, (left + MIDDLE, 0, left + HIGH, MIDDLE, left + MIDDLE, HIGH, left, MIDDLE))
    for left in (0, WIDE - HIGH)
]
HALF = (0.0, 0.0, WIDE / 2, 0.0, WIDE / 2, float(HIGH), 0.0, float(HIGH))
LAST_PIXEL = np.pad(np.ones((1, 1), bool), ((HIGH - 1, 0), (WIDE - 1, 0)))
MASKS_AT_BORDER = [mask_of_polygon(MASK_NAMES[0], HALF, (WIDE, HIGH)), painted(MASK_NAMES[1], LAST_PIXEL)]
REGIONS_AT_BORDER = [replace(one, class_name=name) for one, name in zip(MASKS_AT_BORDER, CLASSES, strict=False)]
ENDS = (Point("base", 0.0, 0.0), Point("left tip", float(WIDE), 0.0), Point("правый <конец>", float(WIDE), float(HIGH)))
DRAWN = {
    "classes": Drawn("classes", several_classes, CLASSES, many=len(CLASSES)),
    "box": Drawn("box", boxes, BOX_NAMES, at_border=BOXES_AT_BORDER, many=100),
    "rotated box": Drawn("box", rotated_boxes, BOX_NAMES, at_border=ROTATED_AT_BORDER, many=100),
    "mask, regions": Drawn("mask", regions, CLASSES, at_border=REGIONS_AT_BORDER, many=40),
    "mask, objects": Drawn("mask", masks, MASK_NAMES, {"regions": "instance"}, at_border=MASKS_AT_BORDER, many=40),
    "keypoints": Drawn(
        "keypoints",
        lambda seed, count: some_things(count, seed, has_boxes=True, size=(WIDE, HIGH)),
        list(POINTS),
        {"skeleton": POINTS, "things": "boxes"},
        at_border=[Skeleton("gripper", ENDS, 0, 0, WIDE, HIGH)],
    ),
    "text": Drawn(
        "text",
        lambda seed, count: some_boxes(count, seed, (WIDE, HIGH)),
        labels={"of": "boxes"},
        at_border=[Text("edge", 0, 0, WIDE, HIGH)],
    ),
    "class": Drawn("class", one_class, CLASSES, many=1),
}
"""Name of a case → the objects."""
