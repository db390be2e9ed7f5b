"""Tests of one canonical image: levels of deep ramps, orientations, and no position in what is handed out."""

from __future__ import annotations

import io

import given
import numpy as np
import pytest
from PIL import Image

from pipeline_tasks.decoding.canonical_copy import canonical_copy
from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.jpeg import encode_jpeg, small_thumbnail
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.serving.drawing import drawn_over

SECRETS = (b"Exif", b"GPS", b"NIKON", b"COOLPIX", b"http://ns.adobe.com", b"Photoshop")


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_ramp_of_16_bits__keeps_250_levels_in_their_order(file_format: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(65_536, dtype=np.uint16).reshape(256, 256)).save(buffer, file_format)

    grey = decode(buffer.getvalue(), Limits()).pixels[..., 0].ravel().astype(int)

    assert len(np.unique(grey)) >= 250
    assert (np.diff(grey) >= 0).all()
    assert (grey[0], grey[-1]) == (0, 255)


@pytest.mark.slow
def test_orientations__are_one_small_image() -> None:
    files = sorted(given.real_data("hostile", "orientation").iterdir())
    images = [decode(file.read_bytes(), Limits(), NEWEST.small) for file in files]

    assert {(image.size_px, image.pixels.shape) for image in images} == {((1200, 1800), (900, 600, 3))}
    for image in images:
        assert np.abs(image.pixels.astype(int) - images[0].pixels).mean() < 5


def test_position__is_in_nothing_that_is_handed_out() -> None:
    for file in sorted(given.real_data("hostile", "gps").glob("*.jpg")):
        content = file.read_bytes()
        assert b"Exif" in content
        whole, small = decode(content, Limits()), decode(content, Limits(), NEWEST.small)
        handed_out = {
            "thumbnail": encode_jpeg(small_thumbnail(small)),
            "copy for people": encode_jpeg(whole.pixels),
            "published copy": canonical_copy(whole),
            "served image": drawn_over(whole.pixels, ()),
        }
        leaks = [(name, secret) for name, made in handed_out.items() for secret in SECRETS if secret in made]
        assert not leaks, file.name
