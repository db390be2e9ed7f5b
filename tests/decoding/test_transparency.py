"""Tests of alpha channels: composited if they have a meaning, ignored if they hide the whole image."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from decoding.damage import a_drawn_image
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits

SIDE = 96
SHAPE = (SIDE, SIDE)


def an_image(number: int = 0) -> Image.Image:
    return a_drawn_image(np.random.default_rng(number), SIDE)


def with_alpha(image: Image.Image, alpha: NDArray[np.uint8], file_format: str = "PNG", **options: object) -> bytes:
    seen = image.convert("RGBA")
    seen.putalpha(Image.fromarray(alpha))
    buffer = io.BytesIO()
    seen.save(buffer, file_format, **options)
    return buffer.getvalue()


def pixels(content: bytes) -> NDArray[np.uint8]:
    return decode(content, Limits()).pixels


def sparks() -> NDArray[np.uint8]:
    alpha = np.zeros(SHAPE, np.uint8)
    alpha[::40, ::40] = 255
    return alpha


MEANINGLESS: dict[str, Callable[[], NDArray[np.uint8]]] = {
    "all zero": lambda: np.zeros(SHAPE, np.uint8),
    "one of 255": lambda: np.ones(SHAPE, np.uint8),
    "noise near zero": lambda: np.random.default_rng(0).integers(0, 9, SHAPE, np.uint8),
    "a mask of zero and one": lambda: np.eye(SIDE, dtype=np.uint8),
    "one value": lambda: np.full(SHAPE, 90, np.uint8),
    "a few stray pixels": sparks,
}


@pytest.mark.parametrize("meaning", MEANINGLESS)
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_decode__ignores_an_alpha_channel_without_meaning(meaning: str, file_format: str) -> None:
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    content = with_alpha(an_image(), MEANINGLESS[meaning](), file_format, **options)

    assert np.array_equal(pixels(content), np.asarray(an_image()))


@pytest.mark.parametrize("meaning", MEANINGLESS)
def test_decode__keeps_images_different_that_only_differ_under_a_transparent_alpha(meaning: str) -> None:
    first, second = (pixels(with_alpha(an_image(number), MEANINGLESS[meaning]())) for number in range(2))

    assert not np.array_equal(first, second)


def test_decode__takes_the_grey_under_an_alpha_of_zero() -> None:
    grey, buffer = an_image().convert("L"), io.BytesIO()
    Image.merge("LA", (grey, Image.new("L", grey.size, 0))).save(buffer, "PNG")

    assert np.array_equal(pixels(buffer.getvalue())[..., 0], np.asarray(grey))


def test_decode__takes_the_colours_of_a_palette_that_is_transparent_throughout() -> None:
    buffer, palette = io.BytesIO(), an_image().quantize(64)
    palette.save(buffer, "PNG", transparency=bytes(64))

    assert np.array_equal(pixels(buffer.getvalue()), np.asarray(palette.convert("RGB")))


def test_decode__takes_the_colours_under_sixteen_bits_of_alpha() -> None:
    from decoding.test_bit_depth import a_png, ramp, wanted

    samples = ramp(16, 4)
    samples[..., 3] = 200  # Of 65,535.

    assert np.abs(pixels(a_png(samples)).astype(int) - wanted(samples, 16)).max() <= 1


def test_decode__does_not_divide_colours_by_an_alpha_that_is_premultiplied_by_tag_only() -> None:
    seen = an_image().convert("RGBA")
    seen.putalpha(0)
    buffer = io.BytesIO()
    seen.save(buffer, "TIFF")
    content = bytearray(buffer.getvalue())
    place = content.index(b"\x52\x01\x03\x00\x01\x00\x00\x00")  # ExtraSamples, a short.
    content[place + 8] = 1  # Associated, that is, premultiplied alpha.

    assert np.array_equal(pixels(bytes(content)), np.asarray(an_image()))


@pytest.mark.parametrize("under", ["black", "white"])
def test_decode__composites_a_small_object_on_an_empty_canvas(under: str) -> None:
    canvas = Image.new("RGB", (400, 400), under)
    canvas.paste((200, 30, 30), (10, 10, 22, 22))
    alpha = np.zeros((400, 400), np.uint8)
    alpha[10:22, 10:22] = 255

    seen = pixels(with_alpha(canvas, alpha))

    assert seen[15, 15].tolist() == [200, 30, 30]
    assert seen[300, 300].tolist() == [255, 255, 255]


def test_decode__composites_half_a_transparent_image() -> None:
    alpha = np.full(SHAPE, 255, np.uint8)
    alpha[:, : SIDE // 2] = 0

    seen = pixels(with_alpha(an_image(), alpha))

    assert (seen[:, : SIDE // 2] == 255).all()
    assert np.array_equal(seen[:, SIDE // 2 :], np.asarray(an_image())[:, SIDE // 2 :])


def test_decode__composites_as_earlier_releases_did_for_their_images() -> None:
    content = with_alpha(an_image(), np.zeros(SHAPE, np.uint8))

    assert decode(content, Limits(), CanonicalForm(version=1)).pixels.min() == 255
