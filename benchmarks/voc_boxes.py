"""A folder of images with Pascal VOC boxes, as a detector is trained and judged on it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.boxes.modelling import PlacedBoxes


@dataclass(frozen=True)
class VocImage:
    """One image with its boxes."""

    path: Path
    size_px: tuple[int, int]
    boxes: PlacedBoxes


@dataclass(frozen=True)
class VocSet:
    """All images of a folder."""

    class_names: tuple[str, ...]
    images: tuple[VocImage, ...]
    degenerate: int
    """Boxes without an area, which are left out."""


def read_voc(folder: Path) -> VocSet:
    """Read `folder/images/*.jpg` with `folder/annotations_voc/*.xml`.

    Raises:
        SettingsError: there are none.
    """
    files = sorted((folder / "annotations_voc").glob("*.xml"))
    if not files:
        raise SettingsError(f"{folder}: wanted annotations_voc/*.xml beside images/*.jpg, found none")
    told = {file: _boxes(file) for file in files}
    names = tuple(sorted({name for rows in told.values() for name, _ in rows}))
    images, degenerate = [], 0
    for file, rows in told.items():
        sides = np.array([box for _, box in rows], np.float64).reshape(-1, 4)
        is_box = (sides[:, 2:] > sides[:, :2]).all(axis=1)
        degenerate += int((~is_box).sum())
        numbers = np.array([names.index(name) for name, _ in rows], np.int64)
        boxes = PlacedBoxes(sides[is_box], numbers[is_box])
        images.append(VocImage(folder / "images" / f"{file.stem}.jpg", _size(file), boxes))
    return VocSet(names, tuple(images), degenerate)


def _boxes(file: Path) -> list[tuple[str, list[float]]]:
    root = ET.parse(file).getroot()
    sides = [f"bndbox/{side}" for side in ("xmin", "ymin", "xmax", "ymax")]
    return [(str(one.findtext("name")), [float(one.findtext(side) or 0) for side in sides]) for one in root.iter("object")]


def _size(file: Path) -> tuple[int, int]:
    root = ET.parse(file).getroot()
    return int(root.findtext("size/width") or 0), int(root.findtext("size/height") or 0)
