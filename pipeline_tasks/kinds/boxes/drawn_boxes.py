"""Boxes of labels and predictions of one image, compared for people and drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.geometry.boxes import as_rows, ious
from pipeline_tasks.kinds.boxes.matches import SIDES, true_objects
from pipeline_tasks.kinds.matching.errors import BADLY_PLACED, EXTRA, MISSED, Outcome, outcomes
from pipeline_tasks.kinds.reporting import Drawing, Shape


@dataclass(frozen=True)
class Drawn:
    """A box as it is drawn."""

    class_name: str
    confidence: float | None
    box_px: tuple[float, float, float, float]
    """x, y, width, height."""
    corners_px: tuple[float, ...] = ()
    """Of a rotated box as drawn."""

    @property
    def says(self) -> str:
        """Name, and the confidence of a prediction."""
        return self.class_name if self.confidence is None else f"{self.class_name} {self.confidence:.0%}"

    @property
    def outline_px(self) -> tuple[float, ...]:
        """Its corners, x and y by turns."""
        x, y, width, height = self.box_px
        return self.corners_px or (x, y, x + width, y, x + width, y + height, x, y + height)

    @property
    def area_px(self) -> float:
        """Area of the box."""
        return self.box_px[2] * self.box_px[3]


@dataclass(frozen=True)
class Compared:
    """One image with what became of each of its boxes."""

    image_id: str
    size_px: tuple[float, float]
    true: tuple[Drawn, ...]
    predicted: tuple[Drawn, ...]
    """The surest first."""
    outcomes: tuple[Outcome, ...]

    def names(self, one: Outcome) -> tuple[str | None, str | None]:
        """Class of the true and of the predicted box."""
        true = None if one.true is None else self.true[one.true].class_name
        return true, None if one.predicted is None else self.predicted[one.predicted].class_name

    def weight(self, one: Outcome) -> float:
        """Confidence of a prediction, or the share of the image that a missed object covers; the greater, the worse."""
        if one.predicted is None:
            return self.true[one.true or 0].area_px / (self.size_px[0] * self.size_px[1])
        return self.predicted[one.predicted].confidence or 0.0

    def says(self, one: Outcome) -> tuple[str, tuple[str, ...]]:
        """Title and lines of an error."""
        true, predicted = self.names(one)
        if one.sort == MISSED:
            return f"{true} missed", (f"covers {self.weight(one):.1%} of the image",)
        sure = f"predicted with {self.weight(one):.0%}"
        if one.sort == EXTRA:
            return f"{predicted}, not there", (sure,)
        overlap = f"overlap {one.likeness:.0%}"
        return (f"{true} badly placed", (sure, overlap)) if one.sort == BADLY_PLACED else (f"{true} → {predicted}", (sure, overlap))

    def drawing(self, marked: Outcome | None = None) -> Drawing:
        """All boxes over the image, those of `marked` thick."""
        mark = (None, None) if marked is None else (marked.true, marked.predicted)
        shapes = [Shape((one.outline_px,), "label", one.says, at == mark[0]) for at, one in enumerate(self.true)]
        shapes += [Shape((one.outline_px,), "prediction", one.says, at == mark[1]) for at, one in enumerate(self.predicted)]
        return Drawing(*self.size_px, tuple(shapes))


def compared_images(images: pl.DataFrame, predictions: pl.DataFrame) -> list[Compared]:
    """Images of a version with one model's predictions, in the order of their ids."""
    rows = images.sort("image_id")
    true = {str(image_id): one for (image_id,), one in true_objects(rows).group_by("image_id")}
    said = {str(image_id): one for (image_id,), one in predictions.group_by("image_id")}
    sizes = rows.select("image_id", "width_px", "height_px").iter_rows()
    return [
        _compared(image_id, (float(width), float(height)), _drawn(true.get(image_id)), _drawn(said.get(image_id)))
        for image_id, width, height in sizes
    ]


def _compared(image_id: str, size_px: tuple[float, float], true: Sequence[Drawn], said: Sequence[Drawn]) -> Compared:
    numbers = {name: number for number, name in enumerate(sorted({one.class_name for one in (*true, *said)}))}
    theirs, mine = (np.array([numbers[one.class_name] for one in some], np.int64) for some in (true, said))
    likeness = ious(as_rows([one.box_px for one in said]), as_rows([one.box_px for one in true]))
    return Compared(image_id, size_px, tuple(true), tuple(said), tuple(outcomes(likeness, mine, theirs)))


def _drawn(rows: pl.DataFrame | None) -> list[Drawn]:
    """Boxes of an image, the surest first, of equally sure ones the first."""
    if rows is None:
        return []
    ordered = rows.sort("object_index")
    ordered = ordered.sort("confidence", descending=True, maintain_order=True) if "confidence" in rows.columns else ordered
    return [
        Drawn(one["class_name"], one.get("confidence"), tuple(one[side] for side in SIDES), tuple(one.get("points_px") or ()))
        for one in ordered.iter_rows(named=True)
    ]
