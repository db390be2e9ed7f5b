"""Tests of averaging before measuring."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.measurements.averages import averaged
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels


@pytest.mark.parametrize(
    ("size_px", "wanted"),
    [((511, 511), (511, 511)), ((512, 300), (256, 150)), ((1023, 767), (511, 383)), ((1, 4000), (1, 4000)), ((4000, 3), (2000, 1))],
)
def test_averaged__leaves_256_of_the_longer_side(size_px: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert averaged(np.zeros((size_px[1], size_px[0], 3), np.uint8), 256).shape[1::-1] == wanted


def test_averaged__has_the_mean_of_four_pixels() -> None:
    pixels = np.zeros((2, 8, 3), np.uint8)
    pixels[0, 0], pixels[1, 1], pixels[0, 2] = 100, 60, 8

    assert averaged(pixels, 4)[0, :, 0].tolist() == [40, 2, 0, 0]


@pytest.mark.parametrize(("long_px", "fine", "coarse"), [(511, 511, 511), (512, 512, 256), (1030, 515, 257), (2048, 512, 256)])
def test_luma__of_averages_keeps_512_px_for_sharpness_and_256_for_the_rest(long_px: int, fine: int, coarse: int) -> None:
    image = CanonicalPixels(np.zeros((64, long_px, 3), np.uint8), averaging="luma")
    whole = CanonicalPixels(image.pixels)

    assert (image.luma.width, image.coarse_luma.width) == (fine, coarse)
    assert whole.luma.width == whole.coarse_luma.width == long_px
