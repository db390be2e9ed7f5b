"""Folders of labelled images, in any format that Nightlens reads, as benchmarks of models with places take them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.labelled_folder import LabelledImage
from pipeline_tasks.formats.reading import read_folder
from pipeline_tasks.geometry.run_lengths import Size, merge
from pipeline_tasks.kinds.boxes.modelling import PlacedBoxes
from pipeline_tasks.kinds.masks.covers import ImageMasks

MAX_STEP = 2000
"""Files of one tile are numbered this close to each other."""
_EXPOSURE = re.compile(r"exp(\d+)_num_(\d+)")


@dataclass(frozen=True)
class KnownImage:
    """An image whose objects are known."""

    path: Path
    size_px: Size
    labels: tuple[Any, ...]
    """Boxes or masks."""
    objects: Any
    """The same as the kind's modelling places them."""
    group: str
    """Images of one group show the same thing."""


@dataclass(frozen=True)
class KnownSet:
    """All images of a folder."""

    class_names: tuple[str, ...]
    """Those that some image has."""
    images: tuple[KnownImage, ...]


def read_known(folder: Path, label_kind: str) -> KnownSet:
    """Read a folder of boxes or masks, say what was read and left out, and find images of the same thing.

    Raises:
        SettingsError: no such labels are found.
    """
    read = read_folder(folder, label_kind)
    if read is None:
        raise SettingsError(f"{folder}: wanted labels in a format that Nightlens reads (COCO, VOC, YOLO, masks), found none")
    images = sorted(read.images, key=lambda one: str(one.path))
    names = tuple(name for name in read.class_names if any(one.class_name == name for image in images for one in image.objects))
    groups = groups_of_files([one.path for one in images])
    found = [KnownImage(one.path, one.size_px, one.objects, _placed(one, label_kind, names), groups[one.path]) for one in images]
    left_out = "; ".join(f"{one.count} × {one.reason}" for one in read.left_out) or "nothing"
    told = f"{read.format_name}, {len(found)} images of {len(set(groups.values()))} groups, {read.objects} objects"
    print(f"{folder}: {told} of {', '.join(names)}; left out: {left_out}", flush=True)
    return KnownSet(names, tuple(found))


def placed_boxes(boxes: Sequence[Any], names: Sequence[str]) -> PlacedBoxes:
    """Boxes as the detector's modelling places them."""
    corners = [[one.x_min_px, one.y_min_px, one.x_min_px + one.width_px, one.y_min_px + one.height_px] for one in boxes]
    numbers = [names.index(one.class_name) for one in boxes]
    return PlacedBoxes(np.array(corners, np.float64).reshape(-1, 4), np.array(numbers, np.int64))


def placed_masks(masks: Sequence[Any], size_px: Size, names: Sequence[str]) -> ImageMasks:
    """Masks as the segmenter's modelling places them."""
    found: dict[int, list[str]] = defaultdict(list)
    for one in masks:
        found[names.index(one.class_name)].append(one.rle)
    return ImageMasks(size_px, {number: merge(rles) for number, rles in sorted(found.items())})


def groups_of_files(paths: Sequence[Path]) -> dict[Path, str]:
    """Thing that each file shows: the file itself, unless its name says more.

    The set `tiles` has each tile in up to six exposures (`exp1` … `exp6`), whose files have neighbouring numbers
    (`exp2_num_4748.jpg`): a tile ends where an exposure comes again or the numbers jump.
    """
    found = {path: str(path) for path in paths}
    named = [(path, match) for path in paths if (match := _EXPOSURE.fullmatch(path.stem))]
    told = sorted((path.parent.name, int(match[2]), match[1], path) for path, match in named)
    tile, before, seen = "", ("", 0), set[str]()
    for name, number, exposure, path in told:
        if name != before[0] or number - before[1] > MAX_STEP or exposure in seen:
            tile, seen = str(path), set()
        seen.add(exposure)
        before, found[path] = (name, number), tile
    return found


def _placed(image: LabelledImage, label_kind: str, names: Sequence[str]) -> PlacedBoxes | ImageMasks:
    return placed_boxes(image.objects, names) if label_kind == "box" else placed_masks(image.objects, image.size_px, names)
