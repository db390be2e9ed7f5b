"""Tests of files with fewer used bits than their container: read by a tag or the source's setting, otherwise refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import RejectedFileError

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def ramp(bits: int, channels: int = 1) -> NDArray[np.uint16]:
    """Values from black to white, of so many bits, right-aligned; the rows of the image differ, as its channels do."""
    values = np.linspace(0, (1 << bits) - 1, 64).round().astype(np.uint16)
    rows = np.stack([values, values[::-1]])
    return rows if channels == 1 else np.stack([np.roll(rows, 7 * channel, axis=1) for channel in range(channels)], axis=-1)


def a_png(samples: NDArray[np.uint16], significant: bytes = b"") -> bytes:
    """A 16-bit PNG of grey, grey with alpha, colours or colours with alpha."""
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], 16, _COLOUR_TYPES[channels], 0, 0, 0)
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in samples)
    chunks = [(b"IHDR", head), *([(b"sBIT", significant)] if significant else []), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def a_tiff(samples: NDArray[np.uint16], tags: dict[int, object] | None = None, compression: str = "raw", order: str = "<") -> bytes:
    """A 16-bit TIFF of grey or colours, written by hand so that its tags are ours."""
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    data = samples.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if compression == "deflate" else data
    directory = ImageFileDirectory_v2(prefix=b"II" if order == "<" else b"MM")
    directory[256], directory[257], directory[258] = samples.shape[1], samples.shape[0], (16,) * channels
    directory[259], directory[262] = 8 if compression == "deflate" else 1, 1 if channels == 1 else 2
    directory[277], directory[278], directory[279], directory[273] = (
        channels,
        samples.shape[0],
        len(data),
        0,
    )  # Counted from the end of the tags.
    for tag, value in (tags or {}).items():
        directory[tag] = value
    buffer = io.BytesIO()
    directory.save(buffer)
    return buffer.getvalue() + data


def pixels(content: bytes, bit_depth: int | None = None) -> NDArray[np.uint8]:
    return decode(content, Limits(), CanonicalForm(bit_depth=bit_depth)).pixels


def wanted(samples: NDArray[np.uint16], bits: int) -> NDArray[np.uint8]:
    scaled = np.rint(samples * (255 / ((1 << bits) - 1))).astype(np.uint8)
    return np.stack([scaled] * 3, axis=-1) if scaled.ndim == 2 else scaled[..., :3]


def the_refusal(content: bytes, bit_depth: int | None = None) -> RejectedFileError:
    with pytest.raises(RejectedFileError) as refused:
        pixels(content, bit_depth)
    return refused.value


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["png", "tiff", "tiff deflate", "tiff big-endian"])
def test_decode__scales_the_used_bits_by_the_tag_or_the_sources_setting(bits: int, channels: int, kind: str) -> None:
    samples, highest = ramp(bits, channels), (1 << bits) - 1
    if kind == "png":
        plain, tagged = a_png(samples), a_png(samples, bytes([bits] * channels))
    else:
        options = {"compression": "deflate" if "deflate" in kind else "raw", "order": ">" if "big" in kind else "<"}
        plain, tagged = a_tiff(samples, **options), a_tiff(samples, {281: (highest,) * channels}, **options)

    assert np.abs(pixels(tagged).astype(int) - wanted(samples, bits)).max() == 0
    assert np.abs(pixels(plain, bits).astype(int) - wanted(samples, bits)).max() == 0
    refused = the_refusal(plain)
    assert refused.reason == "unclear_bit_depth"
    assert f"uses {bits} of 16 bits" in refused.detail
    assert f"set bit_depth: {bits}" in refused.detail


@pytest.mark.parametrize(
    "tags",
    [
        {50717: 4095},
        {270: '<Pixels SignificantBits="12" Type="uint16"/>'},
        {341: (4095.0,)},
    ],
    ids=["DNG's white level", "OME's significant bits", "SMaxSampleValue"],
)
def test_decode__knows_the_tags_of_other_programs(tags: dict[int, object]) -> None:
    assert np.array_equal(pixels(a_tiff(ramp(12), tags)), wanted(ramp(12), 12))


@pytest.mark.parametrize("channels", [1, 3])
def test_decode__leaves_a_truly_dark_image_dark(channels: int) -> None:
    dark = ramp(9, channels)

    assert pixels(a_png(dark), bit_depth=16).max() <= 2
    assert pixels(a_tiff(dark), bit_depth=16).max() <= 2
    assert pixels(a_tiff(dark), bit_depth=12).max() <= 32
    assert pixels(a_tiff(dark, {281: (65535,) * channels})).max() <= 2
    assert the_refusal(a_tiff(dark)).detail.endswith("set bit_depth: 10, or 16 if the image is truly that dark")


def test_decode__does_not_take_the_highest_value_of_an_image_as_its_range() -> None:
    assert the_refusal(a_tiff(ramp(12), {281: 3127})).reason == "unclear_bit_depth"
    assert the_refusal(a_tiff(ramp(12), {281: 4000})).reason == "unclear_bit_depth"


@pytest.mark.parametrize("channels", [1, 3])
def test_decode__does_not_brighten_a_png_whose_samples_are_shifted_as_the_standard_says(channels: int) -> None:
    shifted = (ramp(12, channels) << 4).astype(np.uint16)
    dark = (ramp(7, channels) << 4).astype(np.uint16)

    assert np.abs(pixels(a_png(shifted, bytes([12] * channels))).astype(int) - wanted(shifted, 16)).max() <= 1
    assert pixels(a_png(dark, bytes([12] * channels))).max() <= 8


@pytest.mark.parametrize("channels", [1, 3])
def test_decode__needs_no_setting_for_an_image_that_uses_all_bits(channels: int) -> None:
    full = ramp(16, channels)

    assert np.abs(pixels(a_png(full)).astype(int) - wanted(full, 16)).max() <= 1
    assert pixels(a_png(np.zeros_like(full))).max() == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_decode__says_that_a_setting_does_not_fit(channels: int) -> None:
    refused = the_refusal(a_png(ramp(16, channels)), bit_depth=12)

    assert refused.reason == "unclear_bit_depth"
    assert "more than the 12 of the source's settings" in refused.detail


def test_decode__scales_alpha_with_the_colours() -> None:
    samples = ramp(12, 4)
    samples[..., 3] = 4095
    samples[0, :32, 3] = 0
    filled = samples.copy()
    filled[..., 3] = np.where(samples[..., 3], 65535, 0)
    grey = samples[..., [0, 3]]

    for content in (a_png(samples), a_png(filled), a_png(grey)):
        seen = pixels(content, bit_depth=12)
        assert (seen[0, :32] == 255).all()
        assert np.array_equal(seen[1, :, 0], wanted(samples, 12)[1, :, 0])


def test_decode__reads_deep_images_of_earlier_releases_as_those_did() -> None:
    old = CanonicalForm(version=1)

    assert decode(a_png(ramp(12)), Limits(), old).pixels.max() == 16
    assert decode(a_png(ramp(12, 3), bytes([12] * 3)), Limits(), old).pixels.max() == 15


def test_decode__scales_twelve_bits_in_a_container_of_32() -> None:
    buffer = io.BytesIO()
    Image.fromarray(ramp(12).astype(np.int32)).save(buffer, "TIFF")

    assert "uses 12 of 32 bits" in the_refusal(buffer.getvalue()).detail
    assert np.array_equal(pixels(buffer.getvalue(), 12), wanted(ramp(12), 12))
