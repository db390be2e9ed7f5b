"""Tests of files without their metadata: the canonical pixels, and no position, device or preview."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from given import real_data
from PIL import Image, ImageCms, PngImagePlugin

from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.plain_file import FileProperties, as_png, plain_file

PIXELS = np.random.default_rng(5).integers(0, 256, (18, 28, 3), np.uint8)
SECRETS = (
    b"Exif",
    b"GPS",
    b"http://ns.adobe.com",
    b"a maker",
    b"a remark",
    b"Photoshop",
    b"ICC_PROFILE",
    b"iCCP",
    b"eXIf",
    b"tEXt",
)


def a_file(file_format: str, pixels: Any = PIXELS, mode: str | None = None, **saved: Any) -> bytes:
    """An image file with EXIF data of a maker and a position."""
    exif = saved.pop("exif", Image.Exif())
    exif[0x010F] = "a maker"
    exif.get_ifd(0x8825)[1] = "N"
    buffer, image = io.BytesIO(), Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, file_format, exif=exif, **saved)
    return buffer.getvalue()


def decoded(content: bytes) -> CanonicalImage:
    """The canonical image of a file."""
    return decode(content, Limits())


def plain(content: bytes) -> bytes | None:
    """The file without metadata, by what the decoder says of it."""
    image = decoded(content)
    height, width = image.pixels.shape[:2]
    return plain_file(content, FileProperties(image.file_format, (width, height), image.orientation, image.frames))


@pytest.mark.parametrize(
    "content",
    [
        a_file("JPEG"),
        a_file("JPEG", progressive=True, comment=b"a remark"),
        a_file("JPEG", mode="L"),
        a_file("JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
        a_file("JPEG") + b"a trailer with Exif and a maker",
        a_file("PNG"),
        a_file("PNG", mode="P"),
        a_file("PNG", mode="1"),
        a_file("PNG", mode="L", pnginfo=PngImagePlugin.PngInfo()),
    ],
    ids=["JPEG", "progressive", "grey", "sRGB", "trailer", "PNG", "palette", "1 bit", "grey PNG"],
)
def test_plain_file__keeps_every_pixel_and_no_metadata(content: bytes) -> None:
    found = plain(content)

    assert found is not None
    assert np.array_equal(decoded(found).pixels, decoded(content).pixels)
    assert not [secret for secret in SECRETS if secret in found]
    with Image.open(io.BytesIO(found)) as image:
        assert not image.getexif()
        assert not set(image.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression", "dpi"}


@pytest.mark.parametrize("orientation", range(2, 9))
def test_plain_file__is_none_for_an_image_that_is_shown_turned(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert plain(a_file("JPEG", exif=exif)) is None


def with_chunk(content: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk behind its header."""
    chunk = kind + data
    return content[:33] + struct.pack(">I", len(data)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]


@pytest.mark.parametrize(
    "content",
    [
        a_file("JPEG", mode="CMYK"),
        a_file("PNG", mode="RGBA"),
        a_file("PNG", mode="LA"),
        a_file("PNG", np.arange(0, 65000, 130, dtype=np.uint16).reshape(20, 25)),
        a_file("PNG", mode="P", transparency=3),
        with_chunk(a_file("PNG"), b"sBIT", bytes([5, 6, 5])),
        a_file("JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()),
        a_file("WEBP", lossless=True),
        a_file("TIFF"),
        a_file("BMP"),
        a_file("GIF", mode="P"),
    ],
    ids=["CMYK", "alpha", "grey alpha", "16 bit", "transparent", "sBIT", "other profile", "WEBP", "TIFF", "BMP", "GIF"],
)
def test_plain_file__is_none_where_readers_may_see_other_pixels(content: bytes) -> None:
    assert plain(content) is None


@pytest.mark.parametrize("wrong", [FileProperties("JPEG", (29, 18), 1, 1), FileProperties("JPEG", (28, 18), 1, 2)])
def test_plain_file__is_none_for_another_size_and_for_several_frames(wrong: FileProperties) -> None:
    assert plain_file(a_file("JPEG"), wrong) is None


def test_plain_file__is_none_for_a_jpeg_that_ends_early() -> None:
    content = a_file("JPEG")

    assert plain_file(content[: len(content) // 2], FileProperties("JPEG", (28, 18), 1, 1)) is None


def test_plain_file__leaves_out_the_preview_of_a_jfif_header() -> None:
    content = a_file("JPEG", PIXELS)
    start = content.index(b"JFIF\x00")
    preview = b"\x02\x01" + bytes(range(60, 66))
    header = content[start : start + 12] + preview
    whole = content[: start - 2] + struct.pack(">H", 2 + len(header)) + header + content[start + 14 :]

    found = plain(whole)

    assert found is not None
    assert preview not in found
    assert np.array_equal(decoded(found).pixels, decoded(content).pixels)


def test_as_png__is_the_same_bytes_and_the_same_pixels() -> None:
    assert as_png(PIXELS) == as_png(PIXELS.copy())
    assert np.array_equal(decoded(as_png(PIXELS)).pixels, PIXELS)


def test_plain_file__carries_no_position_of_real_cameras() -> None:
    for path in sorted(real_data("hostile", "gps").glob("*.jpg")):
        content = path.read_bytes()
        assert b"Exif" in content
        found = plain(content) or as_png(decoded(content).pixels)
        assert not [secret for secret in SECRETS if secret in found], path.name
        assert np.array_equal(decoded(found).pixels, decoded(content).pixels), path.name
