"""Small folders of labelled images, written by the tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline_tasks.formats.labelled_folder import LabelledFolder
from pipeline_tasks.formats.reading import read_folder, read_only_format
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask

ORIENTATION_TAG = 0x0112


def an_image(path: Path, size_px: tuple[int, int] = (40, 30), orientation: int = 1, shade: int = 90) -> Path:
    """Write a grey image of this stored size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    Image.new("RGB", size_px, (shade, shade, shade)).save(path, exif=exif)
    return path


def a_mask_image(path: Path, values: npt.NDArray[np.uint8]) -> Path:
    """Write values or colours as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def a_text(path: Path, text: str) -> Path:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def a_coco(path: Path, images: list[dict[str, object]], annotations: list[dict[str, object]], names: dict[int, str]) -> Path:
    """Write a file of COCO."""
    categories = [{"id": number, "name": name} for number, name in names.items()]
    return a_text(path, json.dumps({"images": images, "annotations": annotations, "categories": categories}))


def read(place: Path, label_kind: str | None = None) -> LabelledFolder:
    """Read a folder that has a format."""
    found = read_folder(place, label_kind)
    assert found is not None
    return found


def read_only(place: Path, label_kind: str, format_key: str | None = None) -> LabelledFolder:
    """Read a set as an import does."""
    return read_only_format(place, label_kind, format_key)


def boxes_of(folder: LabelledFolder, name: str) -> list[tuple[str, float, float, float, float]]:
    """Class and place of the boxes of an image."""
    image = next(one for one in folder.images if one.path.name == name)
    return [
        (one.class_name, one.x_min_px, one.y_min_px, one.width_px, one.height_px) for one in image.objects if isinstance(one, Box)
    ]


def masks_of(folder: LabelledFolder, name: str) -> list[Mask]:
    """Masks of an image."""
    image = next(one for one in folder.images if one.path.name == name)
    return [one for one in image.objects if isinstance(one, Mask)]


def counts(folder: LabelledFolder) -> dict[str, int]:
    """Reason → number of things left out."""
    return {one.reason: one.count for one in folder.left_out}
