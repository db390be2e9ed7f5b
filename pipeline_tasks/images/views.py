"""Small view of an image, on which two images are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.filters import Floats, blurred, luma_and_colour, luma_of, resized
from pipeline_tasks.images.fourier import transforms_of
from pipeline_tasks.images.turns import turned
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels
from pipeline_tasks.measurements.perceptual_hash import hashes_of_turns, square_luma

FINE_PX = 128
MIDDLE_PX = 64
"""Side at which a place is refined: to a quarter of a pixel, which is half a pixel of 128."""
COARSE_PX = 40
CANVAS_PX = 96
"""Side of the square in which coarse views are correlated; it holds two of them side by side, one of them 1.4 times as large."""
CLIPPED = (4, 250)
"""Levels of a channel at and beyond which the sensor or an exposure has cut off what was there."""
SCALES = (1.0, 0.89, 1.12, 0.79, 1.27)
"""Scales at which an image is laid on another: a crop shows the same things larger."""


Laid = tuple[float, int]
"""Scale and turn of an image that is laid on another."""


@dataclass(frozen=True)
class Spectra:
    """Fourier transforms of a coarse view at several scales and turns, each in the upper left of a canvas."""

    values: npt.NDArray[np.complex64]
    """N x canvas x half of the canvas."""
    energies: npt.NDArray[np.float64]
    """N x (side + 1) x (side + 1): sums of squares of all pixels above and left of each."""
    sizes: npt.NDArray[np.int64]
    """N x 2: height and width."""


class View:
    """Luma of at most 128 px, colour, hashes and spectra, each made when first asked for."""

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Reduce pixels (height x width x 3, uint8 RGB)."""
        self._pixels = pixels
        self._turned: dict[Laid, Spectra] = {}

    @cached_property
    def channels(self) -> Floats:
        """Height x width x 4: luma, two colour differences around 0, and the share of pixels that are clipped."""
        rgb = _fit(self._pixels, FINE_PX)
        is_clipped = [(one >= CLIPPED[1]) | (one <= CLIPPED[0]) for one in (rgb[..., 0], rgb[..., 1], rgb[..., 2])]
        return np.dstack([luma_and_colour(rgb), (is_clipped[0] | is_clipped[1] | is_clipped[2]).astype(np.float32)])

    @cached_property
    def luma(self) -> Floats:
        """Height x width."""
        return luma_of(_fit(self._pixels, FINE_PX))

    @cached_property
    def coarse(self) -> Floats:
        """Luma of at most 40 px without slow changes of light, of similar contrast everywhere."""
        return even_contrast(blurred(_fit(self.luma, COARSE_PX), 0.7), 3.0)

    @cached_property
    def middle(self) -> Floats:
        """The same of at most 64 px."""
        height, width = (max(8, round(side * MIDDLE_PX / FINE_PX)) for side in self.luma.shape)
        return even_contrast(blurred(resized(self.luma, width, height), 0.7), 3.0)

    @cached_property
    def turned_hashes(self) -> npt.NDArray[np.uint64]:
        """Perceptual hash after each of the eight turns."""
        return np.array(hashes_of_turns(square_luma(CanonicalPixels(self._pixels))), np.uint64)

    @cached_property
    def upright(self) -> Spectra:
        """Spectrum of the coarse view as it is."""
        return _spectra([self.coarse])

    def turned(self, ways: Sequence[Laid]) -> Spectra:
        """Spectra of the coarse view at these scales and turns."""
        lacking = [way for way in ways if way not in self._turned]
        if lacking:
            found = _spectra([turned(self._scaled(scale), turn) for scale, turn in lacking])
            for row, way in enumerate(lacking):
                one = slice(row, row + 1)
                self._turned[way] = Spectra(found.values[one], found.energies[one], found.sizes[one])
        kept = [self._turned[way] for way in ways]
        parts = zip(*((one.values, one.energies, one.sizes) for one in kept), strict=True)
        return Spectra(*map(np.concatenate, parts))

    def _scaled(self, scale: float) -> Floats:
        height, width = self.coarse.shape
        return self.coarse if scale == 1 else resized(self.coarse, round(width * scale), round(height * scale))

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
    side = CANVAS_PX - COARSE_PX
    energies = np.zeros((len(views), side + 1, side + 1), np.float64)
    energies[:, 1:, 1:] = (canvases[:, :side, :side] ** 2).cumsum(axis=1, dtype=np.float64).cumsum(axis=2)
    return Spectra(transforms_of(canvases), energies, np.array([view.shape for view in views], np.int64))
