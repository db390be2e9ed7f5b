"""Tests of public copies: the visible image, without metadata about its place or author."""

from __future__ import annotations

import io

import numpy as np
import pytest
from given_version import a_file
from PIL import Image

from pipeline_tasks.decoding.canonical_copy import canonical_copy, canonical_format
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits


def test_canonical_copy__of_a_jpeg_is_turned_and_without_exif() -> None:
    content = a_file(0)
    assert b"a maker's name" in content

    copy = canonical_copy(decode(content, Limits()))

    with Image.open(io.BytesIO(copy)) as image:
        assert (image.format, image.size) == ("JPEG", (16, 24))
        assert not dict(image.getexif())
    assert b"maker" not in copy
    assert canonical_copy(decode(content, Limits())) == copy


def test_canonical_copy__of_anything_else_loses_no_pixel() -> None:
    image = decode(a_file(1, is_png=True), Limits())

    assert np.array_equal(decode(canonical_copy(image), Limits()).pixels, image.pixels)


@pytest.mark.parametrize(("file_format", "wanted"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "PNG"), ("TIFF", "PNG")])
def test_canonical_format__keeps_jpeg_only(file_format: str, wanted: str) -> None:
    assert canonical_format(file_format) == wanted
