"""Tests of measurements on images."""

from __future__ import annotations

import given
import numpy as np
import pytest
from PIL import Image, ImageFilter

from pipeline_tasks.images.turns import turned
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.measurements.perceptual_hash import hash_of_square, hashes_of_turns, perceptual_hash
from pipeline_tasks.registries import MEASUREMENTS
from pipeline_tasks.tables.measurement import Measurement


def grey(values: list[list[int]]) -> np.ndarray:
    return np.repeat(np.array(values, np.uint8)[..., None], 3, axis=2)


def a_photo() -> Image.Image:
    with Image.open(sorted((given.real_data("photos", "cat")).iterdir())[0]) as image:
        return image.convert("RGB")


def bits_apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def test_measure__reads_mean_contrast_and_entropy_off_the_histogram() -> None:
    measured = measure(grey([[0, 0], [100, 100]]))

    assert measured["luma_mean"] == pytest.approx(50)
    assert measured["luma_contrast"] == pytest.approx(50)
    assert measured["entropy_bits"] == pytest.approx(1)


def test_measure__weighs_red_as_luma_does() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255

    assert measure(red)["luma_mean"] == pytest.approx(76, abs=1)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 300, 3), (500, 3, 3), (64, 64, 3)])
def test_measure__finds_no_contrast_in_a_flat_image_of_any_shape(shape: tuple[int, int, int]) -> None:
    columns = ["luma_mean", "luma_contrast", "entropy_bits", "sharpness"]

    assert list(measure(np.full(shape, 77, np.uint8), columns).values()) == [77, 0, 0, 0]


def test_measure__digests_pixels_with_their_shape() -> None:
    wide, high = measure(np.zeros((2, 3, 3), np.uint8)), measure(np.zeros((3, 2, 3), np.uint8))

    assert wide["pixels_sha256"] != high["pixels_sha256"]
    assert wide == measure(np.zeros((2, 3, 3), np.uint8))


def sharpness(luma: Image.Image) -> float:
    return float(measure(np.asarray(luma.convert("RGB")), ["sharpness"])["sharpness"])


def hash_of(luma: Image.Image) -> int:
    return perceptual_hash(CanonicalPixels(np.asarray(luma.convert("RGB"))))


def test_measurements__are_the_columns_of_their_table() -> None:
    assert ("image_id", *MEASUREMENTS.names) == tuple(Measurement.column_names())
    assert tuple(measure(np.zeros((2, 2, 3), np.uint8))) == MEASUREMENTS.names


def test_sharpness__is_the_variance_of_the_laplacian() -> None:
    assert sharpness(Image.fromarray(np.array([[0, 0, 0, 0], [0, 10, 0, 0], [0, 0, 0, 0]], np.uint8))) == pytest.approx(
        np.var([-40, 10])
    )


def test_sharpness__falls_when_an_image_is_blurred_at_any_size() -> None:
    photo = a_photo().convert("L")
    large = photo.resize((photo.width * 4, photo.height * 4))

    assert sharpness(photo.filter(ImageFilter.GaussianBlur(4))) < sharpness(photo) / 4
    assert sharpness(large.filter(ImageFilter.GaussianBlur(24))) < sharpness(large) / 4
    assert sharpness(large) == pytest.approx(sharpness(photo), rel=0.3)


def test_perceptual_hash__survives_resizing_and_compression_but_not_another_image() -> None:
    photo = a_photo().convert("L")
    smaller = photo.resize((photo.width // 2, photo.height // 2))
    other = photo.transpose(Image.Transpose.ROTATE_90)

    assert bits_apart(hash_of(photo), hash_of(smaller)) <= 4
    assert bits_apart(hash_of(photo), hash_of(other)) >= 16


def test_perceptual_hash__of_a_flat_image_is_the_same_for_every_size() -> None:
    assert hash_of(Image.new("L", (10, 10), 9)) == hash_of(Image.new("L", (300, 50), 200)) == 1 << 63


def test_hashes_of_turns__are_the_hashes_of_turned_images() -> None:
    square = np.random.default_rng(4).integers(0, 256, (32, 32)).astype(np.float32)
    assert hashes_of_turns(square) == [hash_of_square(turned(square, turn)) for turn in range(8)]
