"""Views of whole images that show several: the parts of each, and the square that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.augmentations.augmentation import Rectangle
from pipeline_tasks.augmentations.mixing import DrawnMix, Partners, drawn_mix, pixels_of
from pipeline_tasks.augmentations.policy import Policy
from pipeline_tasks.decoding.placed_image import placed_image
from pipeline_tasks.decoding.turned_image import turned_image
from pipeline_tasks.kinds.map_modelling import Window
from pipeline_tasks.models.placed_views import Moves, PlacedView, placed_view
from pipeline_tasks.records.cycle import derive_seed

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class PlacedPart:
    """One image of a view."""

    row: int
    view: PlacedView
    window: Window
    """Part of the square that shows it, in pixels."""


@dataclass(frozen=True)
class MixedPlaces:
    """Views of training images with a policy that mixes; the same seed draws the same."""

    policy: Policy
    moves: Moves
    sizes_px: Sequence[tuple[int, int]]
    """Width and height of each training image."""
    partners: Partners
    side_px: int
    grid_px: int
    """Windows end at multiples of it, so that no cell of a target shows two images."""

    def parts(self, row: int, own: PlacedView, seed: int) -> tuple[PlacedPart, ...]:
        """Parts of a view of this row, of which `own` is the view without a mix; the later ones lie over the earlier ones."""
        drawn = drawn_mix(self.policy, row, self.partners, seed)
        if drawn is None:
            return self.alone(row, own)
        if drawn.cut.own is None:
            return (*self.alone(row, own), *self._laid_over(drawn, seed))
        tiles = zip((row, *drawn.others), (drawn.cut.own, *drawn.cut.rectangles), strict=True)
        return tuple(self._tile(one, self._window(rectangle), seed, at) for at, (one, rectangle) in enumerate(tiles))

    def alone(self, row: int, view: PlacedView) -> tuple[PlacedPart, ...]:
        """A view of one image."""
        return (PlacedPart(row, view, (0, 0, self.side_px, self.side_px)),)

    def _laid_over(self, drawn: DrawnMix, seed: int) -> list[PlacedPart]:
        """Windows into views of the other images, each at its own place in the square."""
        return [
            PlacedPart(one, self._view(one, self.side_px, seed, at), self._window(rectangle))
            for at, (one, rectangle) in enumerate(zip(drawn.others, drawn.cut.rectangles, strict=True))
        ]

    def _tile(self, row: int, window: Window, seed: int, at: int) -> PlacedPart:
        """A view of an image placed inside its window, which it fills."""
        left, top, right, bottom = window
        view = self._view(row, max(right - left, bottom - top, 1), seed, at)
        return PlacedPart(row, PlacedView(view.turn, view.placement.moved(self.side_px, left, top)), window)

    def _view(self, row: int, side_px: int, seed: int, at: int) -> PlacedView:
        return placed_view(*self.sizes_px[row], side_px, derive_seed(seed, "part", str(at)), self.moves)

    def _window(self, rectangle: Rectangle) -> Window:
        return pixels_of(rectangle, (self.side_px, self.side_px), self.grid_px)


def square_of(parts: Sequence[PlacedPart], pixels: Callable[[int], Pixels]) -> Pixels:
    """The square that shows the parts; `pixels` opens the image of a row."""
    first, *others = parts
    square = _placed(first, pixels)
    for part in others:
        left, top, right, bottom = part.window
        square[top:bottom, left:right] = _placed(part, pixels)[top:bottom, left:right]
    return square


def _placed(part: PlacedPart, pixels: Callable[[int], Pixels]) -> Pixels:
    image, turn = pixels(part.row), part.view.turn
    return placed_image(turned_image(image, turn) if turn.degrees else image, part.view.placement)
