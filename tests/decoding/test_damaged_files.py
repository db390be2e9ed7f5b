"""Tests of damaged files that decoders accept, in every format, and of intact files with unusual content."""

from __future__ import annotations

import io
from functools import cache

import given
import numpy as np
import pytest
from decoding.damage import BLOCK_BYTES, DAMAGES, ENCODINGS, a_drawn_image
from PIL import Image

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import RejectedFileError

UNSEEN = {
    ("bmp", "zeros_inside"),
    ("bmp", "half_then_zeros"),
    ("bmp", "tail_of_another"),
    ("bmp", "flipped_bytes"),
    ("tiff", "zeros_inside"),
    ("tiff", "half_then_zeros"),
    ("tiff", "tail_of_another"),
    ("tiff", "flipped_bytes"),
    ("avif", "zeros_inside"),
    ("avif", "half_then_zeros"),
    ("avif", "tail_of_another"),
    ("avif", "flipped_bytes"),
}
"""Pixels as they are, without compression or checksum, or coded so that nearly all bits have a meaning: whatever stands there is an
image."""
JPEGS = [name for name in ENCODINGS if name.startswith("jpeg")]


@cache
def a_file(encoding: str, number: int = 0) -> bytes:
    return ENCODINGS[encoding].encode(a_drawn_image(np.random.default_rng(number), side_px=192))


def the_refusal(content: bytes) -> RejectedFileError:
    with pytest.raises(RejectedFileError) as refused:
        decode(content, Limits())
    return refused.value


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_decode__refuses_every_kind_of_damage_in_every_format(encoding: str, damage: str) -> None:
    if (encoding, damage) in UNSEEN:
        pytest.skip("cannot be seen in principle")
    damaged = DAMAGES[damage](a_file(encoding), a_file(encoding, 1), ENCODINGS[encoding], np.random.default_rng(3))

    assert the_refusal(damaged).reason in ("truncated", "corrupt")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_decode__takes_whole_files_of_every_format(encoding: str) -> None:
    decode(a_file(encoding), Limits())


@pytest.mark.parametrize(
    ("damage", "reason", "words"),
    [
        ("half_then_end", "truncated", "libjpeg warns: Corrupt JPEG data: premature end of data segment"),
        ("half_then_zeros", "truncated", "the file ends before the image's end marker"),
        ("in_front", "corrupt", "bytes in front of an image"),
        ("joined", "corrupt", "two files were joined"),
    ],
)
def test_decode__says_what_is_wrong_with_a_jpeg(damage: str, reason: str, words: str) -> None:
    refused = the_refusal(DAMAGES[damage](a_file("jpeg"), a_file("jpeg", 1), ENCODINGS["jpeg"], np.random.default_rng(3)))

    assert refused.reason == reason
    assert words in refused.detail


@pytest.mark.parametrize("encoding", JPEGS)
@pytest.mark.parametrize(
    "behind",
    [
        b"\x00" * 512,
        b"\xff" * 3000,
        b"\x00\x00SEFHe\x00\x00\x00SEFT",
        b"\x00\x00\x00\x18ftypmp42" + b"\x01" * 4000,
    ],
    ids=["zeros", "fill", "a phone's trailer", "a film"],
)
def test_decode__accepts_bytes_that_cameras_append(encoding: str, behind: bytes) -> None:
    whole = a_file(encoding)

    assert np.array_equal(decode(whole + behind, Limits()).pixels, decode(whole, Limits()).pixels)


def test_decode__takes_a_smaller_preview_and_announced_images_behind_the_end() -> None:
    preview, several = io.BytesIO(), io.BytesIO()
    a_drawn_image(np.random.default_rng(0), 96).save(preview, "JPEG")
    first, second = (a_drawn_image(np.random.default_rng(number), 192) for number in range(2))
    first.save(several, "MPO", save_all=True, append_images=[second])

    assert decode(a_file("jpeg") + preview.getvalue(), Limits()).pixels.shape == (192, 192, 3)
    assert decode(several.getvalue(), Limits()).frames == 2


@pytest.mark.parametrize("padding", [b"\x00", b"\x00" * 37, b"\x7f", b"\x12\x34"])
def test_decode__takes_an_encoders_padding_before_the_end_marker(padding: bytes) -> None:
    whole = a_file("jpeg")

    assert np.array_equal(decode(whole[:-2] + padding + whole[-2:], Limits()).pixels, decode(whole, Limits()).pixels)


def test_decode__refuses_bytes_left_over_before_the_end_marker() -> None:
    whole = a_file("jpeg")

    assert "extraneous bytes before marker 0xd9" in the_refusal(whole[:-2] + bytes(range(1, 41)) + whole[-2:]).detail


def test_decode__takes_stray_bytes_and_odd_versions_in_a_jpegs_header() -> None:
    whole = a_file("jpeg")
    tables = whole.index(b"\xff\xdb")
    odd = whole[:11] + b"\x07" + whole[12:tables] + b"\x00\x01\x02\x03\x04" + whole[tables:]

    assert whole[6:11] == b"JFIF\x00"
    assert np.array_equal(decode(odd, Limits()).pixels, decode(whole, Limits()).pixels)


def test_decode__refuses_a_progressive_jpeg_without_its_last_scans() -> None:
    whole = a_file("jpeg progressive")
    cut = whole[: whole.rindex(b"\xff\xc4")] + b"\xff\xd9"

    assert the_refusal(cut).detail.startswith("JPEG: the end marker comes before the last scan")


@pytest.mark.parametrize("encoding", ["bmp", "tiff"])
@pytest.mark.parametrize("end", [6, None])
def test_decode__refuses_lost_pages_where_nothing_else_shows_them(encoding: str, end: int | None) -> None:
    whole = a_file(encoding)
    begin = 4 * BLOCK_BYTES
    stop = len(whole) if end is None else end * BLOCK_BYTES

    assert "never written" in the_refusal(whole[:begin] + bytes(stop - begin) + whole[stop:]).detail


@pytest.mark.parametrize("file_format", ["BMP", "TIFF", "WEBP", "JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("colour", ["black", "white"])
def test_decode__takes_an_image_of_one_colour_or_half_of_one(file_format: str, colour: str) -> None:
    flat, half = io.BytesIO(), io.BytesIO()
    image = Image.new("RGB", (700, 500), colour)
    image.save(flat, file_format)
    image.paste(a_drawn_image(np.random.default_rng(0), 100), (300, 290))
    image.save(half, file_format)

    for content in (flat.getvalue(), half.getvalue()):
        assert decode(content, Limits()).pixels.shape == (500, 700, 3)


def test_decode__refuses_a_png_without_its_last_chunk() -> None:
    assert the_refusal(a_file("png")[:-12]).detail == "PNG: the file ends before its last chunk, IEND"


def test_decode__reads_images_of_earlier_releases_as_those_did() -> None:
    damaged = DAMAGES["half_then_end"](a_file("jpeg"), b"", ENCODINGS["jpeg"], np.random.default_rng(3))
    with Image.open(io.BytesIO(damaged)) as image:
        wanted = np.asarray(image)

    assert np.array_equal(decode(damaged, Limits(), CanonicalForm(version=1)).pixels, wanted)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("is_progressive", [False, True])
def test_decode__gives_pillows_pixels_of_a_jpeg(subsampling: int, mode: str, is_progressive: bool) -> None:
    buffer = io.BytesIO()
    image = a_drawn_image(np.random.default_rng(0), 101).convert(mode)
    image.save(buffer, "JPEG", subsampling=subsampling, progressive=is_progressive, quality=83)
    content = buffer.getvalue()

    assert np.array_equal(decode(content, Limits()).pixels, decode(content, Limits(), CanonicalForm(version=1)).pixels)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ["tiles/images/*/*.jpg", "cells/images/*.jpg", "photos/*/*.jpg", "tiles/masks/*/*.png"])
def test_decode__accepts_intact_images_of_public_data_sets(pattern: str) -> None:
    files = sorted(given.real_data().glob(pattern))[::4]

    assert len(files) > 80
    for file in files:
        decode(file.read_bytes(), Limits())
