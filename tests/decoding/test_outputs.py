"""Tests of outputs made from canonical images: model-size images, JPEGs, thumbnails."""

from __future__ import annotations

import io

import given
import numpy as np
from PIL import Image

from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.jpeg import encode_jpeg, thumbnail
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.model_recipe import recipe_digest


def test_model_image__is_the_centre_of_the_shorter_side() -> None:
    pixels = np.zeros((256, 512, 3), np.uint8)
    pixels[16:240, 144:368] = 255  # The 224 in the middle of 256, in the middle of 512.

    small = model_image(pixels, 224)

    assert small.shape == (224, 224, 3)
    assert small.dtype == np.uint8
    assert small.min() == 255


def test_model_image__is_the_same_every_time_and_enlarges_small_images() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (31, 77, 3), np.uint8)

    assert model_image(pixels, 224).shape == (224, 224, 3)
    assert np.array_equal(model_image(pixels, 224), model_image(pixels, 224))


def test_recipe_digest__names_the_side() -> None:
    assert recipe_digest(224) == recipe_digest(224)
    assert recipe_digest(224) != recipe_digest(128)
    assert len(recipe_digest(224)) == 64


def test_thumbnail__keeps_the_shape_and_leaves_small_images_alone() -> None:
    assert thumbnail(np.zeros((200, 400, 3), np.uint8)).shape == (80, 160, 3)
    assert thumbnail(np.zeros((20, 40, 3), np.uint8)).shape == (20, 40, 3)
    assert thumbnail(np.zeros((1, 4000, 3), np.uint8)).shape == (1, 160, 3)


def test_encode_jpeg__writes_no_exif_and_no_position() -> None:
    for file in sorted(given.real_data("hostile", "gps").glob("*.jpg")):
        content = file.read_bytes()
        assert b"Exif" in content[:4096]
        handed_out = encode_jpeg(decode(content, Limits()).pixels)
        with Image.open(io.BytesIO(handed_out)) as image:
            assert not dict(image.getexif())
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert b"Exif" not in handed_out
