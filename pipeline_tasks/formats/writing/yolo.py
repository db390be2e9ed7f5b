"""YOLO written: `images/<split>/`, a text file an image in `labels/<split>/`, and `data.yaml`.

A line is `class x y width height` for a box, or `class x1 y1 x2 y2 …` for a mask, in shares of the image. Classes are counted from
0 in the order of the version's. An image without objects has an empty file. A mask that was not drawn as a polygon is written as
its outline along the edges of its pixels, so that the pixels inside it are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from pipeline_tasks.formats.labelled_folder import NO_PIXEL
from pipeline_tasks.formats.writing.lost_parts import count_rotation
from pipeline_tasks.formats.writing.target import IMAGES, SPLITS, ExportedImage, ExportedVersion, put_file
from pipeline_tasks.geometry.outlines import outline
from pipeline_tasks.geometry.polygons import rasterise
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask

_LABELS = "labels"
TWICE = "object in the place of another one of its class, which readers of YOLO drop"
_DIGITS = 12
"""Digits of a share: far less than a millionth of a pixel."""


def open_writer(folder: Path, version: ExportedVersion) -> YoloWriter:
    """Begin an export of YOLO in a folder."""
    return YoloWriter(folder, version)


class YoloWriter:
    """A text file an image."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        """Write the names of the classes."""
        self._folder, self._version = folder, version
        self._numbers = {name: number for number, name in enumerate(version.vocabulary)}
        places = {split: f"{IMAGES}/{split}" for split in SPLITS if split in version.splits}
        about = {"path": ".", **places, "names": dict(enumerate(version.vocabulary))}
        head = f"# {version.says()}\n# Licence of the images: {version.licence or 'not stated'}\n"
        text = "".join(_one_line(line) for line in head.splitlines()) + yaml.safe_dump(about, sort_keys=False, allow_unicode=True)
        put_file(folder / "data.yaml", text.encode())

    def add(self, image: ExportedImage) -> None:
        """Write an image and its lines."""
        put_file(self._folder / IMAGES / image.split / image.file_name, image.content)
        lines = dict[str, None]()
        for one in image.objects:
            shares = self._shares(one, image)
            line = f"{self._numbers[one.class_name]} {shares}\n"
            if line in lines:
                self._version.lost.count(TWICE, f"{image.file_name}: {one.class_name}")
            elif shares:
                lines[line] = None
        put_file(self._folder / _LABELS / image.split / f"{image.stem}.txt", "".join(lines).encode())

    def close(self) -> None:
        """Write nothing more."""

    def _shares(self, one: Box | Mask, image: ExportedImage) -> str:
        width, height = image.size_px
        if isinstance(one, Mask):
            points = _polygon(one)
            if not points:
                self._version.lost.count(NO_PIXEL, f"{image.file_name}: {one.class_name}")
            return _said(value / (width, height)[at % 2] for at, value in enumerate(points))
        count_rotation(one, image.file_name, self._version.lost)
        middle = one.x_min_px + one.width_px / 2, one.y_min_px + one.height_px / 2
        return _said((middle[0] / width, middle[1] / height, one.width_px / width, one.height_px / height))


def _polygon(one: Mask) -> Sequence[float]:
    """The points as drawn if they say the mask's pixels, or else its outline."""
    if one.polygon_px and rasterise(one.polygon_px, one.size_px) == one.rle:
        return one.polygon_px
    return outline(one.rle, one.size_px)


def _said(shares: Iterable[float]) -> str:
    return " ".join(f"{share:.{_DIGITS}g}" for share in shares)


def _one_line(line: str) -> str:
    """A line that stays one remark of YAML."""
    return "".join(one if one.isprintable() else " " for one in line) + "\n"
