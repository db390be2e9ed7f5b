"""One object of the label kind `mask`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_tasks.geometry.polygons import rasterise
from pipeline_tasks.geometry.run_lengths import Size, area, box_of

DECIMALS = 6
"""Points of polygons are kept to a millionth of a pixel."""


@dataclass(frozen=True)
class Mask:
    """Pixels of a canonical (oriented) image that belong to a class."""

    class_name: str
    rle: str
    """COCO's compressed run lengths over the whole image."""
    size_px: Size
    """Width and height of the image."""
    polygon_px: tuple[float, ...] = ()
    """The polygon as drawn, x and y by turns, whose pixels these are; empty for a brush, and for pixels that were fused."""
    confidence: float | None = None
    """A model's; None for a person's."""

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return area(self.rle)

    @property
    def box_px(self) -> tuple[int, int, int, int]:
        """The smallest box around the pixels: x_min, y_min, width, height."""
        return box_of(self.rle, self.size_px)


def mask_of_polygon(class_name: str, points_px: Sequence[float], size_px: Size) -> Mask:
    """The mask of a polygon, by the rule of `geometry.polygons`."""
    points = tuple(round(float(one), DECIMALS) for one in points_px)
    return Mask(class_name, rasterise(points, size_px), size_px, points)
