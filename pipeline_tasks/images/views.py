"""Small view of an image, on which two images are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.canonical_pixels import CanonicalPixels
from pipeline_tasks.images.filters import Floats, blurred, luma_and_colour, resized, sums_above_and_left
from pipeline_tasks.images.measurements.perceptual_hash import hash_of_square, square_luma
from pipeline_tasks.images.turns import turned
from pipeline_tasks.tables.duplicate_pair import TURNS

FINE_PX = 128
COARSE_PX = 40
CANVAS_PX = 96
"""Side of the square in which coarse views are correlated; it holds two of them side by side, one of them 1.4 times as large."""
CLIPPED = (4, 250)
"""Levels of a channel at and beyond which the sensor or an exposure has cut off what was there."""
SCALES = (1.0, 0.89, 1.12, 0.79, 1.27)
"""Scales at which an image is laid on another: a crop shows the same things larger."""


@dataclass(frozen=True)
class Spectra:
    """Fourier transforms of one coarse view after several turns, each in the upper left of a canvas."""

    values: npt.NDArray[np.complex64]
    """Turns x canvas x half of the canvas."""
    energies: list[npt.NDArray[np.float64]]
    """Of each turn, (height + 1) x (width + 1): sums of squares of all pixels above and left of each."""
    sizes: list[tuple[int, int]]
    """Height and width of the view after each turn."""


class View:
    """Luma of at most 128 px, colour, hashes and spectra, each made when first asked for."""

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Reduce pixels (height x width x 3, uint8 RGB)."""
        self._pixels = pixels
        self._turned: dict[float, Spectra] = {}

    @cached_property
    def channels(self) -> Floats:
        """Height x width x 4: luma, two colour differences around 0, and the share of pixels that are clipped."""
        rgb = _fit(self._pixels, FINE_PX)
        clipped = ((rgb >= CLIPPED[1]) | (rgb <= CLIPPED[0])).any(axis=2).astype(np.float32)
        return np.dstack([luma_and_colour(rgb), clipped])

    @cached_property
    def luma(self) -> Floats:
        """Height x width."""
        return np.ascontiguousarray(self.channels[..., 0])

    @cached_property
    def coarse(self) -> Floats:
        """Luma of at most 40 px without slow changes of light, of similar contrast everywhere."""
        return even_contrast(blurred(_fit(self.luma, COARSE_PX), 0.7), 3.0)

    @cached_property
    def turned_hashes(self) -> npt.NDArray[np.uint64]:
        """Perceptual hash after each of the eight turns."""
        square = square_luma(CanonicalPixels(self._pixels)).astype(np.float32)
        return np.array([hash_of_square(turned(square, turn)) for turn in range(len(TURNS))], np.uint64)

    @cached_property
    def upright(self) -> Spectra:
        """Spectrum of the coarse view as it is."""
        return _spectra([self.coarse])

    def turned(self, scale: float) -> Spectra:
        """Spectra of the coarse view at a scale, after each of the eight turns."""
        if scale not in self._turned:
            height, width = self.coarse.shape
            scaled = self.coarse if scale == 1 else resized(self.coarse, round(width * scale), round(height * scale))
            self._turned[scale] = _spectra([turned(scaled, turn) for turn in range(len(TURNS))])
        return self._turned[scale]

    def forget_turned(self) -> None:
        """Drop the spectra of turns and scales, which are large and needed for one search only."""
        self._turned.clear()


def even_contrast(luma: Floats, sigma_px: float, noise: float = 2.0) -> Floats:
    """Luma minus its surroundings, divided by the contrast there; `noise` levels of contrast count as nothing."""
    detail = luma - blurred(luma, sigma_px)
    return detail / (np.sqrt(blurred(detail * detail, 1.5 * sigma_px)) + np.float32(noise))


def _fit(pixels: npt.NDArray[np.uint8] | Floats, side_px: int) -> Floats:
    """Scale so that the longer side has `side_px`."""
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    return resized(pixels, max(8, round(width * scale)), max(8, round(height * scale)))


def _spectra(views: Sequence[Floats]) -> Spectra:
    canvases = np.zeros((len(views), CANVAS_PX, CANVAS_PX), np.float32)
    for canvas, view in zip(canvases, views, strict=True):
        canvas[: view.shape[0], : view.shape[1]] = view
    energies = [sums_above_and_left(view * view) for view in views]
    return Spectra(
        np.fft.rfft2(canvases).astype(np.complex64, copy=False), energies, [(view.shape[0], view.shape[1]) for view in views]
    )
