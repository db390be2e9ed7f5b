"""Tests of telling images with colours from those of one channel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipeline_tasks.measurements.modality import has_colours


def a_jpeg(image: Image.Image) -> np.ndarray:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=70)
    return np.asarray(Image.open(buffer).convert("RGB"))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey__of_a_lossy_file_has_no_colours(mode: str) -> None:
    grey = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8))

    assert not has_colours(a_jpeg(grey.convert(mode)))


def test_false_colours__are_colours_and_a_few_odd_pixels_are_none() -> None:
    ramp = np.tile(np.arange(100, dtype=np.uint8), (50, 1))
    grey = np.stack([ramp] * 3, axis=2)
    false_colours = np.stack([ramp, 255 - ramp, ramp], axis=2)
    grey[0, :5] = (255, 0, 0)

    assert has_colours(false_colours)
    assert not has_colours(grey)
    grey[0, 5] = (255, 0, 0)
    assert has_colours(grey)


@pytest.mark.parametrize("row", [0, 1, 17, 49])
def test_colours__are_found_in_whatever_row_they_are(row: int) -> None:
    image = np.full((50, 100, 3), 90, np.uint8)
    assert not has_colours(image)

    image[row, 40:60] = (255, 0, 0)

    assert has_colours(image)
