"""Regions of labels and predictions of test images, compared for people: all masks of a class in an image are one region."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import polars as pl

from pipeline_tasks.geometry.run_lengths import Size, area, decode, iou
from pipeline_tasks.kinds.compared_objects import Compared, Drawn, compared
from pipeline_tasks.kinds.masks.matches import regions, true_masks

_FINE = 1 / 400
"""Greatest distance of a drawn line from the region's edge, as a share of the image's longer side: less than a thumbnail shows."""


def compared_images(images: pl.DataFrame, predictions: pl.DataFrame) -> list[Compared]:
    """Images of a version with one model's regions, in the order of their ids."""
    rows = images.sort("image_id")
    true, said = regions(true_masks(rows)), regions(predictions)
    found = []
    for image_id, width, height in rows.select("image_id", "width_px", "height_px").iter_rows():
        theirs, mine = true.get(image_id, {}), said.get(image_id, {})
        likeness = iou(list(mine.values()), list(theirs.values()))
        size = (int(width), int(height))
        found.append(compared(image_id, (float(width), float(height)), _drawn(theirs, size), _drawn(mine, size), likeness))
    return found


def _drawn(masks: Mapping[str, str], size_px: Size) -> list[Drawn]:
    return [Drawn(name, None, _outlines(rle, size_px), float(area(rle)), is_filled=True) for name, rle in masks.items()]


def _outlines(rle: str, size_px: Size) -> tuple[tuple[float, ...], ...]:
    """Outer lines and holes of a region."""
    found, _ = cv2.findContours(decode(rle, size_px).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    lines = (cv2.approxPolyDP(one, max(size_px) * _FINE, closed=True).reshape(-1) for one in found)
    return tuple(tuple(float(value) + 0.5 for value in one) for one in lines)
