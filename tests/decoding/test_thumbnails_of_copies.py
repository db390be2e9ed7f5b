"""Tests of thumbnails of an image and of its half-size copy: they show the same, also where a texture is fine."""

from __future__ import annotations

import io

import numpy as np
import pytest
from decoding.damage import a_drawn_image
from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST_VERSION, CanonicalForm
from pipeline_tasks.decoding.intake_image import IntakeSizes
from pipeline_tasks.decoding.jpeg import decode_jpeg
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.taking_in import take_in
from pipeline_tasks.images.comparing import compare, is_same
from pipeline_tasks.images.views import View
from pipeline_tasks.settings import DuplicateSettings

LIMITS = DuplicateSettings()
SIZE_PX = (803, 1071)


def with_stripes(period_px: float) -> Image.Image:
    """A drawn image with a field of fine stripes."""
    drawn = (
        np.asarray(a_drawn_image(np.random.default_rng(3), max(SIZE_PX)).convert("RGB").resize(SIZE_PX)).astype(float) * 0.6 + 50
    )
    drawn[300:600, 200:500] += 60 * np.sin(2 * np.pi * np.arange(300) / period_px)[:, np.newaxis]
    return Image.fromarray(drawn.clip(0, 255).astype(np.uint8))


def view(image: Image.Image, version: int) -> View:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    pixels = decode_jpeg(take_in(buffer.getvalue(), Limits(), CanonicalForm(version), IntakeSizes(0, 160)).thumbnail)
    assert pixels is not None
    return View(pixels)


@pytest.mark.parametrize("period_px", [6.5, 8, 9])
def test_half_size_copy__shows_the_same_on_its_thumbnail_where_stripes_are_fine(period_px: float) -> None:
    whole, half = with_stripes(period_px), with_stripes(period_px).resize((SIZE_PX[0] // 2, SIZE_PX[1] // 2))

    assert is_same(compare(view(whole, NEWEST_VERSION), view(half, NEWEST_VERSION), LIMITS), LIMITS)
    # Form 5 took single pixels of the stripes; its images keep their thumbnails.
    assert not is_same(compare(view(whole, 5), view(half, 5), LIMITS), LIMITS)
