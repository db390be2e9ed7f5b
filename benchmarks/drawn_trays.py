"""The demo's trays with the exact places of their parts, as benchmarks of models with places take them."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image

from benchmarks.known_folders import KnownImage, KnownSet, placed_boxes, placed_masks
from demo.trays import CLASSES, draw_tray
from demo.truth import ObjectTruth
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask

FOLDER = Path(tempfile.gettempdir()) / "nightlens-drawn-trays"
SEED = 20261121


def drawn_trays(count: int, label_kind: str, folder: Path = FOLDER) -> KnownSet:
    """The first trays of the demo's first night, with boxes or masks; drawn files are kept in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return KnownSet(CLASSES, tuple(_tray(number, label_kind, folder) for number in range(count)))


def relabelled(image: KnownImage, objects: tuple[Box, ...] | tuple[Mask, ...]) -> KnownImage:
    """The image with other labels."""
    is_box = hasattr(image.objects, "corners")
    placed = placed_boxes(objects, CLASSES) if is_box else placed_masks(objects, image.size_px, CLASSES)
    return replace(image, labels=objects, objects=placed)


def _tray(number: int, label_kind: str, folder: Path) -> KnownImage:
    pixels, parts = draw_tray(1, number, SEED)
    path, size_px = folder / f"tray_{number:04d}.jpg", (pixels.shape[1], pixels.shape[0])
    if not path.exists():
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
        path.write_bytes(buffer.getvalue())
    if label_kind == "box":
        boxes = tuple(Box(one.class_name, one.left, one.top, one.width, one.height) for one in parts)
        return KnownImage(path, size_px, boxes, placed_boxes(boxes, CLASSES), str(path))
    masks = tuple(_mask(one, size_px) for one in parts)
    return KnownImage(path, size_px, masks, placed_masks(masks, size_px, CLASSES), str(path))


def _mask(one: ObjectTruth, size_px: tuple[int, int]) -> Mask:
    return Mask(one.class_name, one.rle, size_px)
