"""Tests of decoding bytes to canonical images, in this process."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import given
import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import DEFAULT_LIMITS, Limits
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.tables.rejected_sighting import REASONS

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

RED = (200, 30, 30)


def a_file(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def noise(width: int = 60, height: int = 40) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def the_reason(content: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(RejectedFileError) as refused:
        decode(content, limits)
    assert refused.value.reason in REASONS
    return refused.value.reason


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_decode__reads_six_formats_by_their_bytes(file_format: str) -> None:
    image = decode(a_file(Image.new("RGB", (6, 4), RED), file_format), Limits())

    assert (image.file_format, image.orientation, image.frames) == (file_format, 1, 1)
    assert image.pixels.shape == (4, 6, 3)
    assert image.pixels.dtype == np.uint8
    assert np.abs(image.pixels.astype(int) - RED).max() <= 6


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_decode__applies_the_orientation_once_in_every_format(file_format: str, orientation: int) -> None:
    stored = Image.new("RGB", (40, 24), RED)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode(a_file(stored, file_format, exif=exif), Limits())

    assert image.orientation == orientation
    assert image.pixels.shape[:2] == ((24, 40) if orientation < 5 else (40, 24))


def test_decode__turns_an_image_upright() -> None:
    stored = np.zeros((2, 3, 3), np.uint8)
    stored[0, 0] = 255  # The camera lay on its side: what is stored top left belongs top right.
    exif = Image.Exif()
    exif[0x0112] = 6

    pixels = decode(a_file(Image.fromarray(stored), "PNG", exif=exif), Limits()).pixels

    assert np.argwhere(pixels[..., 0]).tolist() == [[0, 1]]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_decode__scales_16_bits_and_does_not_clip_them(file_format: str) -> None:
    ramp = np.array([[0, 257, 32896, 65535]], np.uint16)

    pixels = decode(a_file(Image.fromarray(ramp), file_format), Limits()).pixels

    assert pixels[0].tolist() == [[0] * 3, [1] * 3, [128] * 3, [255] * 3]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.array([[0.0, 0.5, 1.0, np.nan]], np.float32), [0, 128, 255, 0]),
        (np.array([[-10, 0, 10]], np.int32), [0, 128, 255]),
        (np.array([[0, 65535]], np.int32), [0, 255]),
        (np.array([[np.nan, np.inf]], np.float32), [0, 0]),
        (np.array([[7.0, 7.0]], np.float32), [0, 0]),
    ],
)
def test_decode__scales_other_deep_images_by_the_range_they_use(values: np.ndarray, wanted: list[int]) -> None:
    pixels = decode(a_file(Image.fromarray(values), "TIFF"), Limits()).pixels

    assert pixels[0, :, 0].tolist() == wanted


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_decode__composites_transparency_on_white(mode: str) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))

    pixels = decode(a_file(image.convert(mode), "PNG", **({"transparency": 255} if mode == "P" else {})), Limits()).pixels

    assert pixels[0, 0].tolist() == [0, 0, 0]
    if mode != "P":
        assert pixels[0, 1].tolist() == [255, 255, 255]


def test_decode__converts_cmyk() -> None:
    pixels = decode(a_file(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), Limits()).pixels

    red, green, blue = pixels[4, 4].tolist()
    assert red > 200
    assert max(green, blue) < 80


def test_decode__applies_a_colour_profile_and_ignores_a_damaged_one() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    plain = a_file(Image.new("RGB", (4, 4), RED), "PNG")
    of_another_kind = a_file(Image.new("RGB", (4, 4), RED), "PNG", icc_profile=lab.tobytes())
    srgb = a_file(
        Image.new("RGB", (4, 4), RED), "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    )
    broken = a_file(Image.new("RGB", (4, 4), RED), "PNG", icc_profile=b"no profile at all")

    wanted = decode(plain, Limits()).pixels
    for content in (of_another_kind, srgb, broken):
        assert np.array_equal(decode(content, Limits()).pixels, wanted)
    assert decode(a_file(Image.new("LAB", (4, 4), (255, 128, 128)), "TIFF"), Limits()).pixels.min() >= 250


def test_decode__takes_the_first_frame_and_counts_them() -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in (RED, (0, 255, 0), (0, 0, 255))]
    image = decode(a_file(frames[0], "GIF", save_all=True, append_images=frames[1:]), Limits())

    assert image.frames == 3
    assert image.pixels[0, 0].tolist() == list(RED)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("kept_ratio", [0.3, 0.6, 0.9])
def test_decode__refuses_a_truncated_file(file_format: str, kept_ratio: float) -> None:
    content = a_file(noise(), file_format)

    assert the_reason(content[: int(len(content) * kept_ratio)]) in ("truncated", "corrupt")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "BMP", "GIF"])
def test_decode__calls_a_file_cut_in_half_truncated(file_format: str) -> None:
    content = a_file(noise(), file_format)

    assert the_reason(content[: len(content) // 2]) == "truncated"


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_decode__accepts_bytes_behind_the_end(file_format: str) -> None:
    content = a_file(noise(), file_format)

    assert np.array_equal(decode(content + b"\0" * 99, Limits()).pixels, decode(content, Limits()).pixels)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html><body>404</body></html>", "not_an_image"),
        (b"%PDF-1.7\n", "unsupported_format"),
        (b"\0\0\0\x1cftypheic\0\0\0\0", "unsupported_format"),
        (b"P5 3 2 255\n......", "unsupported_format"),
        (b"\xff\xd8\xff\xe0", "truncated"),
        (b"GIF89a", "truncated"),
        (b"II*\0\x08\0\0\0\0\0", "corrupt"),
    ],
)
def test_decode__refuses_files_that_are_no_supported_images(content: bytes, reason: str) -> None:
    assert the_reason(content) == reason


def test_decode__calls_flipped_bits_in_a_png_corrupt() -> None:
    content = bytearray(a_file(noise(), "PNG"))
    content[len(content) // 2] ^= 0xFF

    assert the_reason(bytes(content)) == "corrupt"


@pytest.mark.slow
def test_decode__looks_at_the_size_before_it_decodes() -> None:
    content = a_file(Image.new("1", (20_000, 20_000)), "PNG")

    assert len(content) < 100_000
    assert the_reason(content) == "too_many_pixels"
    assert the_reason(a_file(noise(), "PNG"), Limits(max_pixels=60 * 40 - 1)) == "too_many_pixels"
    assert the_reason(a_file(noise(), "PNG"), Limits(max_bytes=10)) == "too_many_bytes"


def test_decode__gives_the_same_result_for_the_same_file() -> None:
    details = set()
    for _ in range(2):
        with pytest.raises(RejectedFileError) as refused:
            decode(b"\xff\xd8\xff\xe0", Limits())
        details.add(refused.value.detail)

    assert len(details) == 1
    assert " at 0x" not in details.pop()


@pytest.mark.slow
def test_decode__returns_an_image_or_a_reason_for_every_hostile_file() -> None:
    verdicts: Counter[str] = Counter()
    for file in sorted(given.real_data("hostile", "pillow").iterdir()):
        try:
            image = decode(file.read_bytes(), Limits())
        except RejectedFileError as refused:
            verdicts[refused.reason] += 1
        else:
            assert image.pixels.ndim == 3
            assert image.pixels.shape[2] == 3
            verdicts["image"] += 1

    assert set(verdicts) <= {*REASONS, "image"}
    assert verdicts.total() >= 1000
    assert verdicts["image"] >= 600


@pytest.mark.slow
def test_decode__makes_one_image_of_all_orientations() -> None:
    files = sorted(given.real_data("hostile", "orientation").iterdir())
    images = [decode(file.read_bytes(), Limits()) for file in files]

    assert {image.pixels.shape for image in images} == {(1800, 1200, 3)}
    for image in images:
        assert np.abs(image.pixels.astype(int) - images[0].pixels).mean() < 5
