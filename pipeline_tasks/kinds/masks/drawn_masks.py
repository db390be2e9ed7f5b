"""Masks of labels and predictions of test images, compared for people: as regions of a class, or object by object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import polars as pl

from pipeline_tasks.geometry.run_lengths import Size, area, decode, iou
from pipeline_tasks.kinds.compared_objects import Compared, Drawn, compared
from pipeline_tasks.kinds.masks.matches import regions, true_masks
from pipeline_tasks.kinds.masks.strays import strays

_FINE = 1 / 400
"""Greatest distance of a drawn line from the region's edge, as a share of the image's longer side: less than a thumbnail shows."""


@dataclass(frozen=True)
class _Object:
    """A mask of its own."""

    class_name: str
    rle: str
    confidence: float | None


def compared_images(images: pl.DataFrame, predictions: pl.DataFrame) -> list[Compared]:
    """Images of a version with one model's regions, in the order of their ids."""
    rows = images.sort("image_id")
    true, said = regions(true_masks(rows)), regions(predictions)
    found = []
    for image_id, width, height in rows.select("image_id", "width_px", "height_px").iter_rows():
        found.append(compared_regions(image_id, (int(width), int(height)), true.get(image_id, {}), said.get(image_id, {})))
    return found


def compared_regions(image_id: str, size_px: Size, true: Mapping[str, str], said: Mapping[str, str]) -> Compared:
    """Class → run lengths of its region in the label and in the prediction, compared."""
    likeness = iou(list(said.values()), list(true.values()))
    theirs, mine = _drawn(true, said, size_px), _drawn(said, true, size_px)
    return compared(image_id, (float(size_px[0]), float(size_px[1])), theirs, mine, likeness)


def compared_instances(images: pl.DataFrame, predictions: pl.DataFrame) -> list[Compared]:
    """The same with each mask as an object of its own."""
    rows = images.sort("image_id")
    true, said = _objects(true_masks(rows)), _objects(predictions.sort("object_index"))
    found = []
    for image_id, width, height in rows.select("image_id", "width_px", "height_px").iter_rows():
        size = (int(width), int(height))
        theirs = true.get(image_id, [])
        mine = sorted(said.get(image_id, []), key=lambda one: -(one.confidence or 0.0))
        likeness = iou([one.rle for one in mine], [one.rle for one in theirs])
        drawn = [[_outlined(one.class_name, one.rle, size, one.confidence) for one in masks] for masks in (theirs, mine)]
        found.append(compared(image_id, (float(width), float(height)), drawn[0], drawn[1], likeness))
    return found


def _objects(masks: pl.DataFrame) -> dict[str, list[_Object]]:
    """Image → its masks, in their order."""
    sure = pl.col("confidence") if "confidence" in masks.columns else pl.lit(None).alias("confidence")
    found: dict[str, list[_Object]] = {}
    for image_id, name, rle, confidence in masks.select("image_id", "class_name", "mask_rle", sure).iter_rows():
        found.setdefault(image_id, []).append(_Object(name, rle, confidence))
    return found


def _drawn(masks: Mapping[str, str], others: Mapping[str, str], size_px: Size) -> list[Drawn]:
    far = strays(masks, others, size_px)
    return [replace(_outlined(name, rle, size_px), stray_ratio=far[name]) for name, rle in masks.items()]


def _outlined(name: str, rle: str, size_px: Size, confidence: float | None = None) -> Drawn:
    return Drawn(name, confidence, _outlines(rle, size_px), float(area(rle)), is_filled=True)


def _outlines(rle: str, size_px: Size) -> tuple[tuple[float, ...], ...]:
    """Outer lines and holes of a region."""
    found, _ = cv2.findContours(decode(rle, size_px).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    lines = (cv2.approxPolyDP(one, max(size_px) * _FINE, closed=True).reshape(-1) for one in found)
    return tuple(tuple(float(value) + 0.5 for value in one) for one in lines)
