"""Boxes and masks as people draw them: a little off, sometimes missed, doubled, invented, or of another class."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from demo.people import Person
from demo.truth import ObjectTruth
from pipeline_tasks.geometry.polygons import crosses_itself, rasterise
from pipeline_tasks.geometry.run_lengths import area, decode, encode

Size = tuple[int, int]
"""Width and height in pixels."""
Points = tuple[float, ...]
"""A line's points: x and y by turns, in pixels."""
FINER = 4
"""Steps a pixel in which the edge of a mask is followed."""
MOST_FINE_PX = 256
"""Longest side of a mask that is followed so finely."""
CLICK_EVERY = 0.04
"""Distance by which a line of clicks may cut a corner, as a share of the mask's side."""


@dataclass(frozen=True)
class Sloppiness:
    """Errors of a person who draws: shares of objects, and the spread of an edge as a share of the object's side."""

    jitter: float = 0.03
    missed: float = 0.04
    extra: float = 0.02
    swapped: float = 0.02
    doubled: float = 0.02


SLOPPY = Sloppiness()


@dataclass(frozen=True)
class DrawnBox:
    """A box as a person drew it, in pixels."""

    class_name: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class DrawnMask:
    """A mask as a person drew it: the points of a polygon, or else the pixels of a brush."""

    class_name: str
    points: Points
    rle: str
    """COCO's compressed run lengths over the whole image, of the polygon, too."""


D = TypeVar("D")
Draw = Callable[[ObjectTruth, str, float, Size, np.random.Generator], D]
"""Takes the object, the name that the person gives it, and the spread of an edge as a share of its side."""
Invent = Callable[[ObjectTruth, Sequence[str], Size, np.random.Generator], D]
"""Takes an object, of whose size the new one is, and the classes."""


@dataclass(frozen=True)
class Hand:
    """One person before one image; what they draw is always the same."""

    person: Person
    image_id: str
    classes: Sequence[str]
    size_px: Size
    errors: Sloppiness = SLOPPY

    def draws(self, objects: Sequence[ObjectTruth], draw: Draw[D], invent: Invent[D]) -> list[D]:
        """The objects that they see, missed and doubled, and some that are nowhere."""
        seed = hashlib.sha256(f"{self.person.name}/{self.image_id}/draws".encode()).digest()
        rng, found = np.random.default_rng(list(seed[:8])), list[D]()
        for one in objects:
            name = _named(one, self.classes, self.errors, rng)
            times = 2 if rng.random() < self.errors.doubled else 1
            drawn = [draw(one, name, self.errors.jitter, self.size_px, rng) for _ in range(times)]
            found += [] if rng.random() < self.errors.missed else drawn
            if rng.random() < self.errors.extra:
                found.append(invent(one, self.classes, self.size_px, rng))
        return found


def draw_boxes(hand: Hand, objects: Sequence[ObjectTruth]) -> list[DrawnBox]:
    """The boxes that this person draws on this image, right or wrong."""
    return hand.draws(objects, _box, _box_elsewhere)


def draw_masks(hand: Hand, objects: Sequence[ObjectTruth]) -> list[DrawnMask]:
    """The masks that this person draws on this image, right or wrong."""
    return [one for one in hand.draws(objects, _mask, _mask_elsewhere) if one.rle]


def _named(one: ObjectTruth, classes: Sequence[str], errors: Sloppiness, rng: np.random.Generator) -> str:
    others = [other for other in classes if other != one.class_name]
    return str(rng.choice(others)) if others and rng.random() < errors.swapped else one.class_name


def _box(one: ObjectTruth, name: str, jitter: float, size_px: Size, rng: np.random.Generator) -> DrawnBox:
    """A box with each edge a little off, inside the image."""
    wide, high = size_px
    edges = np.array([one.left, one.top, one.left + one.width, one.top + one.height], np.float64)
    edges += rng.normal(0, jitter, 4) * ([one.width, one.height] * 2)
    left, top, right, bottom = np.clip(edges, 0, [wide, high, wide, high]).tolist()
    return DrawnBox(name, left, top, max(right - left, 1.0), max(bottom - top, 1.0))


def _mask(one: ObjectTruth, name: str, jitter: float, size_px: Size, rng: np.random.Generator) -> DrawnMask:
    """A mask whose outline is a little off: a polygon if it is one line that crosses itself nowhere, else painted."""
    if not jitter:
        return DrawnMask(name, (), one.rle)
    spread = jitter * float(np.sqrt(one.width * one.height))
    lines = [_shaken(line, spread, size_px, rng) for line in _lines(one, size_px)]
    if len(lines) == 1 and not crosses_itself(lines[0]):
        rle = rasterise(lines[0], size_px)
        return DrawnMask(name, lines[0], rle if area(rle) else "")
    inside = np.zeros(size_px[::-1], bool)
    for line in lines:
        inside ^= decode(rasterise(line, size_px), size_px)
    return DrawnMask(name, (), encode(inside) if inside.any() else "")


def _lines(one: ObjectTruth, size_px: Size) -> list[npt.NDArray[np.float64]]:
    """Points that somebody would click along the edges of a mask, its holes as well; edges of specks are left out."""
    left, top = int(one.left), int(one.top)
    window = decode(one.rle, size_px)[top : top + int(np.ceil(one.height)), left : left + int(np.ceil(one.width))]
    finer = FINER if max(window.shape) <= MOST_FINE_PX else 1
    fine = window.repeat(finer, axis=0).repeat(finer, axis=1).astype(np.uint8)
    side = float(np.sqrt(one.width * one.height))
    found, _ = cv2.findContours(fine, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    clicked = [cv2.approxPolyDP(line, CLICK_EVERY * side * finer / 2, closed=True).reshape(-1, 2) for line in found]
    return [(line + 0.5) / finer + (left, top) for line in clicked if len(line) >= 3]


def _shaken(line: npt.NDArray[np.float64], spread: float, size_px: Size, rng: np.random.Generator) -> Points:
    moved = np.clip(line + rng.normal(0, spread, line.shape), 0, size_px)
    return tuple(round(float(value), 3) for value in moved.ravel())


def _box_elsewhere(one: ObjectTruth, classes: Sequence[str], size_px: Size, rng: np.random.Generator) -> DrawnBox:
    """A box of the same size at another place, where nothing is."""
    left, top = (float(rng.uniform(0, whole - side)) for whole, side in zip(size_px, (one.width, one.height), strict=True))
    return DrawnBox(str(rng.choice(list(classes))), left, top, float(one.width), float(one.height))


def _mask_elsewhere(one: ObjectTruth, classes: Sequence[str], size_px: Size, rng: np.random.Generator) -> DrawnMask:
    """The same pixels at another place, painted where nothing is."""
    name = str(rng.choice(list(classes)))
    left, top = int(one.left), int(one.top)
    window = decode(one.rle, size_px)[top : top + int(np.ceil(one.height)), left : left + int(np.ceil(one.width))]
    column, row = (int(rng.integers(0, whole - side + 1)) for whole, side in zip(size_px, window.shape[::-1], strict=True))
    inside = np.zeros(size_px[::-1], bool)
    inside[row : row + window.shape[0], column : column + window.shape[1]] = window
    return DrawnMask(name, (), encode(inside))
