"""Objects of one image put into its upright pixels: turned, cut at the border, or left out with a reason."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.image_header import ImageHeader
from pipeline_tasks.formats.labelled_folder import Size, Tally
from pipeline_tasks.geometry import polygons, run_lengths
from pipeline_tasks.geometry.turning import turn_mask, turn_points
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask, mask_of_polygon

_SLACK = 1e-6
"""Share of a side by which rounding may move an edge over the border without being counted."""

FARTHEST_PX = 1e7
"""No image is as large; numbers beyond it are damage."""
_MOST_POINTS = 5000
"""Points of a polygon that are compared with each other; more take seconds."""


class NotTakenError(Exception):
    """An object is left out, with the reason that is counted."""

    def __init__(self, reason: str, where: str) -> None:
        """Keep the reason and the place."""
        super().__init__(f"{where}: {reason}")
        self.reason, self.where = reason, where


@dataclass(frozen=True)
class Placing:
    """An image's place for objects; what is left out or changed is counted in the tallies."""

    size_px: Size
    """Of the upright image."""
    turn: tuple[Size, int] | None
    """Size of the stored pixels and orientation, if the annotation is of the stored pixels."""
    left_out: Tally
    changed: Tally

    @property
    def said_px(self) -> Size:
        """Size of the image that the annotation is about."""
        return self.turn[0] if self.turn else self.size_px

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count an object that is not taken within the block, and go on after it."""
        try:
            yield
        except NotTakenError as error:
            self.left_out.count(error.reason, error.where)

    def box(self, class_name: str, corners_px: Sequence[float], where: str) -> Box:
        """The box between two corners (x_min, y_min, x_max, y_max).

        Raises:
            NotTakenError: it has no size, or lies outside the image.
        """
        if not all(math.isfinite(value) for value in corners_px):
            raise NotTakenError(reasons.DAMAGED, where)
        if corners_px[2] <= corners_px[0] or corners_px[3] <= corners_px[1]:
            raise NotTakenError(reasons.NO_SIZE, where)
        left, top, right, bottom = self._upright(corners_px) if self.turn else corners_px
        width, height = self.size_px
        cut = max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))
        if cut[2] <= cut[0] or cut[3] <= cut[1]:
            raise NotTakenError(reasons.OUTSIDE, where)
        self._count_cut((left, top, right, bottom), cut, where)
        return Box(class_name, cut[0], cut[1], cut[2] - cut[0], cut[3] - cut[1])

    def point(self, place_px: tuple[float, float]) -> tuple[float, float] | None:
        """A point of the annotation in the upright image; None outside of it."""
        found = self.turned(place_px)
        if any(not -_SLACK * side <= value <= side * (1 + _SLACK) for value, side in zip(found, self.size_px, strict=True)):
            return None
        x, y = (min(max(value, 0.0), float(side)) for value, side in zip(found, self.size_px, strict=True))
        return x, y

    def polygon_mask(self, class_name: str, pieces: Sequence[Sequence[float]], where: str) -> Mask:
        """The pixels inside any of the polygons.

        Raises:
            NotTakenError: there are none.
        """
        if any(len(piece) % 2 for piece in pieces) or not all(abs(value) <= FARTHEST_PX for piece in pieces for value in piece):
            raise NotTakenError(reasons.DAMAGED, where)
        turned = [self.turned(piece) for piece in pieces if len(piece) >= 6]
        if not turned:
            raise NotTakenError(reasons.NO_PIXEL, where)
        mask = self._mask(class_name, turned, where)
        return _with_pixels(mask, where)

    def pixel_mask(self, class_name: str, rle: str, where: str) -> Mask:
        """The pixels of run lengths over the image that the annotation is about.

        Raises:
            NotTakenError: there are none, or they are of an image of another size.
        """
        try:
            run_lengths.check_size(rle, self.said_px)
        except ValueError as error:
            raise NotTakenError(reasons.DAMAGED, f"{where}: {error}") from None
        if self.turn:
            rle = run_lengths.encode(turn_mask(run_lengths.decode(rle, self.said_px), self.turn[1]))
        mask = Mask(class_name, rle, self.size_px)
        return _with_pixels(mask, where)

    def _mask(self, class_name: str, pieces: Sequence[Sequence[float]], where: str) -> Mask:
        slack = [_SLACK * side for side in self.size_px]
        is_cut = any(
            not -slack[at % 2] <= value <= self.size_px[at % 2] + slack[at % 2] for one in pieces for at, value in enumerate(one)
        )
        if is_cut:
            self.changed.count(reasons.CUT, where)
        elif len(pieces) == 1:
            if len(pieces[0]) > 2 * _MOST_POINTS:
                self.changed.count(reasons.MANY_POINTS, where)
            elif not polygons.crosses_itself(pieces[0]):
                inside = [min(max(value, 0.0), float(self.size_px[at % 2])) for at, value in enumerate(pieces[0])]
                return mask_of_polygon(class_name, inside, self.size_px)
            else:
                self.changed.count(reasons.CROSSES, where)
        return Mask(class_name, run_lengths.merge([polygons.rasterise(one, self.size_px) for one in pieces]), self.size_px)

    def _upright(self, corners_px: Sequence[float]) -> tuple[float, float, float, float]:
        """The two corners of a box in the upright image."""
        ends = self.turned(corners_px)
        return min(ends[0::2]), min(ends[1::2]), max(ends[0::2]), max(ends[1::2])

    def turned(self, points_px: Sequence[float]) -> tuple[float, ...]:
        """Points of the image that the annotation is about, in the upright one."""
        return turn_points(points_px, *self.turn) if self.turn else tuple(float(value) for value in points_px)

    def _count_cut(self, whole: Sequence[float], cut: Sequence[float], where: str) -> None:
        if any(abs(one - other) > _SLACK * max(self.size_px) for one, other in zip(whole, cut, strict=True)):
            self.changed.count(reasons.CUT, where)


def _with_pixels(mask: Mask, where: str) -> Mask:
    if not mask.area_px:
        raise NotTakenError(reasons.NO_PIXEL, where)
    return mask


def placing_in(header: ImageHeader, said_px: Size | None, where: str, left_out: Tally, changed: Tally) -> Placing | None:
    """The place for objects of an image whose annotation says this size; None if it is the size of neither form of the image.

    An annotation of the stored size of an image that is shown turned is of the stored pixels, and its objects are turned. Where
    both sizes are equal it is taken to be of the upright image, which is what today's tools show.
    """
    if said_px is None or said_px == header.upright_px:
        return Placing(header.upright_px, None, left_out, changed)
    if said_px == header.stored_px:
        changed.count(reasons.TURNED, where)
        return Placing(header.upright_px, (header.stored_px, header.orientation), left_out, changed)
    says = f"{where}: it says {said_px[0]} x {said_px[1]} pixels, the image has {header.upright_px[0]} x {header.upright_px[1]}"
    left_out.count(reasons.OTHER_SIZE, says)
    return None
