"""Boxes of labels and predictions of test images, compared for people."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.geometry.boxes import Floats, as_rows, ious
from pipeline_tasks.kinds.boxes.matches import SIDES, true_objects
from pipeline_tasks.kinds.compared_objects import Compared, Drawn, compared


def compared_images(images: pl.DataFrame, predictions: pl.DataFrame) -> list[Compared]:
    """Images of a version with one model's predictions, in the order of their ids."""
    rows = images.sort("image_id")
    true = {str(image_id): one for (image_id,), one in true_objects(rows).group_by("image_id")}
    said = {str(image_id): one for (image_id,), one in predictions.group_by("image_id")}
    found = []
    for image_id, width, height in rows.select("image_id", "width_px", "height_px").iter_rows():
        theirs, mine = _ordered(true.get(image_id)), _ordered(said.get(image_id))
        likeness = ious(_rows(mine), _rows(theirs))
        found.append(compared(image_id, (float(width), float(height)), _drawn(theirs), _drawn(mine), likeness))
    return found


def _ordered(rows: pl.DataFrame | None) -> pl.DataFrame:
    """Boxes of an image, the surest first, of equally sure ones the first."""
    if rows is None:
        return pl.DataFrame(schema=dict.fromkeys(SIDES, pl.Float64))
    ordered = rows.sort("object_index")
    return ordered.sort("confidence", descending=True, maintain_order=True) if "confidence" in rows.columns else ordered


def _rows(boxes: pl.DataFrame) -> Floats:
    return as_rows(boxes.select(SIDES).to_numpy())


def _drawn(boxes: pl.DataFrame) -> list[Drawn]:
    """A rotated box is drawn as people drew it."""
    found = []
    for one in boxes.iter_rows(named=True):
        x, y, width, height = (one[side] for side in SIDES)
        corners = tuple(one.get("points_px") or (x, y, x + width, y, x + width, y + height, x, y + height))
        found.append(Drawn(one["class_name"], one.get("confidence"), (corners,), width * height))
    return found
