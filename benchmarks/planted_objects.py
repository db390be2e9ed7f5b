"""Errors that are planted in labels of several objects, each of one sort, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from benchmarks.known_folders import KnownImage
from pipeline_tasks.geometry.run_lengths import decode, encode
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask

SORTS = ("missing", "extra", "swapped", "badly placed")
Objects = Sequence[Any]


@dataclass(frozen=True)
class Planted:
    """A label, and the error that it has got."""

    objects: Objects
    sort: str = ""
    """A word of SORTS; empty for a label as it was."""
    at: int | None = None
    """Number of the wrong object; None for a missing one."""
    was: Any = None
    """The object as it was; None for an extra one."""


def planted(image: KnownImage, names: Sequence[str], generator: np.random.Generator) -> Planted:
    """The labels with one error; an empty label gets an object."""
    objects = list(image.labels)
    sorts = [one for one in SORTS if one != "swapped" or len(names) > 1]
    sort = str(generator.choice(sorts)) if objects else "extra"
    at = int(generator.integers(len(objects))) if objects else 0
    if sort == "extra":
        # The new object has the size of one that is there, at any place.
        new = _moved(objects[at], image, None, generator) if objects else _anywhere(image, names, generator)
        return Planted([*objects, new], sort, len(objects))
    was = objects[at]
    if sort == "missing":
        return Planted([one for number, one in enumerate(objects) if number != at], sort, None, was)
    if sort == "swapped":
        other = names[(names.index(was.class_name) + int(generator.integers(1, len(names)))) % len(names)]
        return Planted([*objects[:at], replace(was, class_name=other), *objects[at + 1 :]], sort, at, was)
    return Planted([*objects[:at], _moved(was, image, 0.5, generator), *objects[at + 1 :]], sort, at, was)


def _moved(one: Any, image: KnownImage, share: float | None, generator: np.random.Generator) -> Any:
    """The object at another place: a share of its side away, or anywhere."""
    width, height = image.size_px
    box = (one.x_min_px, one.y_min_px, one.width_px, one.height_px) if isinstance(one, Box) else one.box_px
    if share is None:
        right = float(generator.uniform(0, max(width - box[2], 1))) - box[0]
        down = float(generator.uniform(0, max(height - box[3], 1))) - box[1]
    else:
        right, down = (float(generator.choice([-1, 1])) * share * side for side in box[2:])
    if isinstance(one, Box):
        return replace(one, x_min_px=one.x_min_px + right, y_min_px=one.y_min_px + down, corners_px=())
    pixels = decode(one.rle, one.size_px).astype(np.uint8)
    shift = np.array([[1, 0, round(right)], [0, 1, round(down)]], np.float32)
    return Mask(one.class_name, encode(cv2.warpAffine(pixels, shift, one.size_px) > 0), one.size_px)


def _anywhere(image: KnownImage, names: Sequence[str], generator: np.random.Generator) -> Any:
    width, height = image.size_px
    left, top, name = generator.uniform(0, 0.7) * width, generator.uniform(0, 0.7) * height, str(generator.choice(names))
    if hasattr(image.objects, "corners"):
        return Box(name, left, top, 0.2 * width, 0.2 * height)
    pixels = np.zeros((height, width), bool)
    pixels[int(top) : int(top + 0.2 * height), int(left) : int(left + 0.2 * width)] = True
    return Mask(name, encode(pixels), image.size_px)
