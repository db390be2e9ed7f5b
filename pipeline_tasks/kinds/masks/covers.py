"""Targets of a segmenter: the share of each cell of a grid that each class covers, in one view of an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.run_lengths import Size, decode, encode
from pipeline_tasks.geometry.turn import Turn

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
WHOLE = 255
"""Value of a cell that is covered whole."""


@dataclass(frozen=True)
class ImageMasks:
    """Pixels of each class in one image."""

    size_px: Size
    by_class: Mapping[int, str]
    """Number of the class → run lengths."""


@dataclass(frozen=True)
class Grid:
    """Cells of a view's square."""

    cells: Size
    """Cells across and down."""
    cell_px: float
    """Side of a cell in pixels of the square."""


def covers(masks: ImageMasks, placement: Placement, grid: Grid, class_count: int) -> Bytes:
    """Covered shares of the cells, 1 + classes x down x across: plane 0 is the image itself, the others are its classes.

    Shares are exact: sums of pixels over a cell are differences of the mask's running sums, linear within a pixel.
    """
    across, down = grid.cells
    found = np.zeros((1 + class_count, down, across))
    xs: Floats = placement.left_px + np.arange(across + 1, dtype=np.float64) * grid.cell_px / placement.scale
    ys: Floats = placement.top_px + np.arange(down + 1, dtype=np.float64) * grid.cell_px / placement.scale
    width, height = masks.size_px
    whole = np.diff(np.clip(ys, 0, height))[:, np.newaxis] * np.diff(np.clip(xs, 0, width))
    found[0] = whole
    for number, rle in masks.by_class.items():
        found[1 + number] = _sums(decode(rle, masks.size_px), xs, ys)
    shares = np.rint(found * (WHOLE * (placement.scale / grid.cell_px) ** 2)).clip(0, WHOLE).astype(np.uint8)
    return np.ascontiguousarray(shares[:, :, ::-1]) if placement.is_mirrored else shares


def turned_rle(rle: str, size_px: Size, turn: Turn) -> str:
    """Run lengths of a mask in the turned image."""
    return encode(turn.mask(decode(rle, size_px)))


def _sums(mask: npt.NDArray[np.bool_], xs: Floats, ys: Floats) -> Floats:
    """Pixels of the mask in each cell between these places."""
    height, width = mask.shape
    rows = np.zeros((height + 1, len(xs) - 1))
    # Rows first: their running sums at the cells' edges, then those down the columns.
    running = np.zeros((height, width + 1), np.float32)
    np.cumsum(mask, axis=1, out=running[:, 1:])
    rows[1:] = np.cumsum(np.diff(_at(running, xs, 1), axis=1), axis=0)
    return np.diff(_at(rows, ys, 0), axis=0)


def _at(running: npt.NDArray[np.floating], places: Floats, axis: int) -> Floats:
    """Running sums at any places along an axis; they grow linearly within a pixel, and not outside of the image."""
    last = running.shape[axis] - 1
    inside = np.clip(places, 0, last)
    low = np.minimum(inside.astype(np.int64), last - 1)
    share = (inside - low).reshape((-1, 1) if axis == 0 else (1, -1))
    found: Floats = np.take(running, low, axis) * (1 - share) + np.take(running, low + 1, axis) * share
    return found
