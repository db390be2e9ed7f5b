"""Tests of headers of image files: those that are read quickly say the same as Pillow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given import real_data
from PIL import Image, PngImagePlugin

from pipeline_tasks.formats.image_header import ImageHeader, _plain_jpeg, read_header

PIXELS = np.random.default_rng(2).integers(0, 256, (21, 33, 3), np.uint8)

TURNED = bytes.fromhex("4578696600004d4d002a00000008000101120003000000010006000000000000")
"""EXIF data with the orientation 6."""


def a_file(folder: Path, file_format: str, mode: str = "RGB", **saved: Any) -> Path:
    """Write an image file."""
    path = folder / f"a.{file_format.lower()}"
    Image.fromarray(PIXELS).convert(mode).save(path, file_format, **saved)
    return path


@pytest.mark.parametrize(
    ("mode", "saved", "is_quick"),
    [
        ("RGB", {}, True),
        ("L", {}, True),
        ("CMYK", {}, True),
        ("RGB", {"progressive": True}, True),
        ("RGB", {"comment": b"x" * 5000}, True),
        ("RGB", {"comment": b"x" * 9000}, False),
        ("RGB", {"icc_profile": b"x" * 100}, True),
        (
            "RGB",
            {"exif": TURNED},
            False,
        ),
    ],
)
def test_jpeg__has_the_size_and_orientation_that_pillow_finds(
    mode: str, saved: dict[str, Any], is_quick: bool, tmp_path: Path
) -> None:
    path = a_file(tmp_path, "JPEG", mode, **saved)

    orientation = 6 if "exif" in saved else 1
    assert read_header(path) == ImageHeader((33, 21), orientation, mode == "L")
    assert (_plain_jpeg(path) is not None) is is_quick


def test_jpeg__that_ends_in_its_header_is_no_image_or_has_its_size(tmp_path: Path) -> None:
    content = a_file(tmp_path, "JPEG").read_bytes()
    for end in range(0, content.index(b"\xff\xda"), 7):
        (tmp_path / "cut.jpg").write_bytes(content[:end])
        assert read_header(tmp_path / "cut.jpg") in (None, ImageHeader((33, 21), 1, has_values=False))


def test_png__says_its_turn_by_exif_and_none_without_being_decoded(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    info = PngImagePlugin.PngInfo()
    info.add_text("remark", "none")

    assert read_header(a_file(tmp_path, "PNG", exif=exif)) == ImageHeader((33, 21), 8, has_values=False)
    assert read_header(a_file(tmp_path, "PNG", pnginfo=info)) == ImageHeader((33, 21), 1, has_values=False)
    whole = a_file(tmp_path, "PNG").read_bytes()
    (tmp_path / "damaged.png").write_bytes(whole[:60] + bytes(20) + whole[80:])
    assert read_header(tmp_path / "damaged.png") == ImageHeader((33, 21), 1, has_values=False)


def test_real_jpegs__have_the_size_and_orientation_that_pillow_finds() -> None:
    for folder in ("orientation", "gps"):
        for path in sorted(real_data("hostile", folder).glob("*.jpg")):
            with Image.open(io.BytesIO(path.read_bytes())) as image:
                turn = image.getexif().get(0x0112, 1)
                assert read_header(path) == ImageHeader(image.size, turn if 1 <= turn <= 8 else 1, image.mode == "L")
