"""COCO written: `annotations/<instances or keypoints>_<split>.json` for images in `images/<split>/`.

A `file_name` is the path below `images/`. Numbers begin at 1, categories in the order of the version's classes. Positions are
edges of pixels from 0, unrounded. A rotated box has its corners as `segmentation`. A mask that was drawn as a polygon keeps its
points; other masks are compressed run lengths. The entries go to the disk as they come.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from pipeline_tasks.formats.writing.target import IMAGES, ExportedImage, ExportedVersion, put_file
from pipeline_tasks.geometry import polygons
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.keypoints.skeleton import HIDDEN, VISIBLE, Skeleton
from pipeline_tasks.kinds.masks.mask import Mask

_FIRST_NAMES = {"keypoints": "keypoints"}
"""Label kind → beginning of the file's name; others are instances."""
NO_POINT = "point that its class does not have"


def open_writer(folder: Path, version: ExportedVersion) -> CocoWriter:
    """Begin an export of COCO in a folder."""
    return CocoWriter(folder, version)


class CocoWriter:
    """One JSON file a split."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        """Open the files of all splits that have images."""
        self._folder, self._version = folder, version
        self._numbers = {name: number for number, name in enumerate(version.vocabulary, start=1)}
        self._points = _points(version.options)
        first = _FIRST_NAMES.get(version.label_kind, "instances")
        head = _head(version, self._numbers, self._points)
        self._files = {split: _SplitFile(folder / "annotations" / f"{first}_{split}.json", head) for split in version.splits}
        self._annotations = 0

    def add(self, image: ExportedImage) -> None:
        """Write an image with its annotations; one without any is listed, too."""
        put_file(self._folder / IMAGES / image.split / image.file_name, image.content)
        self.annotate(image)

    def annotate(self, image: ExportedImage) -> None:
        """Write the annotations of an image whose file is elsewhere."""
        file_name = f"{image.split}/{image.file_name}"
        width, height = image.size_px
        entry: dict[str, Json] = {"id": image.number, "file_name": file_name, "width": width, "height": height}
        file = self._files[image.split]
        file.add_image(entry | ({"license": 1} if self._version.licence else {}) | {"sha256_of_original": image.image_id})
        for one in image.objects:
            self._annotations += 1
            file.add_annotation(
                {
                    "id": self._annotations,
                    "image_id": image.number,
                    "category_id": self._numbers[one.class_name],
                    **self._fields(one, file_name),
                    "iscrowd": 0,
                }
            )

    def close(self) -> None:
        """End all files."""
        for file in self._files.values():
            file.close()

    def _fields(self, one: Box | Mask | Skeleton, where: str) -> dict[str, Json]:
        if isinstance(one, Mask):
            return _mask_fields(one)
        if isinstance(one, Skeleton):
            names = self._points[one.class_name]
            if gone := [point.name for point in one.points if point.name not in names]:
                self._version.lost.count(NO_POINT, f"{where}: {one.class_name}, {gone[0]}", len(gone))
            return _skeleton_fields(one, names)
        return _box_fields(one)


class _SplitFile:
    """A JSON file whose annotations are kept aside until its last image is written."""

    def __init__(self, path: Path, head: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("w", encoding="utf-8")
        self._aside_path = path.with_suffix(".annotations")
        self._aside: IO[str] = self._aside_path.open("w+", encoding="utf-8")
        self._file.write(head)
        self._between = {id(self._file): "\n", id(self._aside): "\n"}

    def add_image(self, entry: Mapping[str, Json]) -> None:
        """Append to `images`."""
        self._append(self._file, entry)

    def add_annotation(self, entry: Mapping[str, Json]) -> None:
        """Append to `annotations`."""
        self._append(self._aside, entry)

    def close(self) -> None:
        """Join both lists."""
        self._file.write('\n],\n"annotations": [')
        self._aside.seek(0)
        shutil.copyfileobj(self._aside, self._file)
        self._file.write("\n]}\n")
        self._aside.close()
        self._aside_path.unlink()
        self._file.close()

    def _append(self, file: IO[str], entry: Mapping[str, Json]) -> None:
        file.write(self._between[id(file)] + _text(entry))
        self._between[id(file)] = ",\n"


def _head(version: ExportedVersion, numbers: Mapping[str, int], points: Mapping[str, Sequence[str]]) -> str:
    """The file up to its first image."""
    info: Json = {
        "description": version.says(),
        "version": version.dataset_id,
        "date_created": version.frozen_at,
        "license": version.licence or "not stated",
    }
    licences: Json = [{"id": 1, "name": version.licence, "url": ""}] if version.licence else []
    categories: Json = [
        {"id": number, "name": name, "supercategory": "", **_skeleton_of(version.options, name, points)}
        for name, number in numbers.items()
    ]
    parts = {"info": info, "licenses": licences, "categories": categories}
    return "{" + "".join(f'"{name}": {_text(part)},\n' for name, part in parts.items()) + '"images": ['


def _text(entry: Json) -> str:
    return json.dumps(entry, ensure_ascii=False, allow_nan=False)


def _box_fields(one: Box) -> dict[str, Json]:
    sides: list[Json] = [one.x_min_px, one.y_min_px, one.width_px, one.height_px]
    if not one.corners_px:
        return {"bbox": sides, "area": one.width_px * one.height_px}
    return {"bbox": sides, "area": polygons.area(one.corners_px), "segmentation": [list(one.corners_px)]}


def _mask_fields(one: Mask) -> dict[str, Json]:
    width, height = one.size_px
    is_drawn = bool(one.polygon_px) and polygons.rasterise(one.polygon_px, one.size_px) == one.rle
    pixels: Json = [list(one.polygon_px)] if is_drawn else {"size": [height, width], "counts": one.rle}
    return {"bbox": [float(side) for side in one.box_px], "area": one.area_px, "segmentation": pixels}


def _skeleton_fields(one: Skeleton, names: Sequence[str]) -> dict[str, Json]:
    placed = {point.name: point for point in one.points if point.name in names}
    numbers: list[Json] = []
    for name in names:
        point = placed.get(name)
        numbers += [point.x_px, point.y_px, VISIBLE if point.is_visible else HIDDEN] if point else [0, 0, 0]
    x, y, width, height = one.box_px
    return {"keypoints": numbers, "num_keypoints": len(placed), "bbox": [x, y, width, height], "area": width * height}


def _points(options: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """Class → names of its points, in order."""
    skeleton = options.get("skeleton")
    found = skeleton if isinstance(skeleton, Mapping) else {}
    return {str(name): tuple(str(one) for one in points) for name, points in found.items() if isinstance(points, Sequence)}


def _skeleton_of(options: Mapping[str, Json], name: str, points: Mapping[str, Sequence[str]]) -> dict[str, Json]:
    """A category's points and the lines between them, which COCO counts from 1."""
    if name not in points:
        return {}
    edges = options.get("edges")
    found = edges.get(name) if isinstance(edges, Mapping) else None
    pairs = found if isinstance(found, Sequence) else ()
    numbers = {point: number for number, point in enumerate(points[name], start=1)}
    lines: list[Json] = [[numbers[str(one)] for one in pair] for pair in pairs if isinstance(pair, Sequence)]
    return {"keypoints": list(points[name]), "skeleton": lines}
