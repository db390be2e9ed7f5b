"""Tests of colours: inks and foreign profiles become the sRGB that a colour-managed reference gives."""

from __future__ import annotations

import io

import given
import numpy as np
import pytest
import simplejpeg
from decoding.a_printers_profile import a_printers_profile, in_srgb
from decoding.a_profile import a_profile_of_exchanged_colours
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits

MOST_DIFFERENT = 3
"""Levels of 255, in any channel of any pixel."""


def inks() -> NDArray[np.uint8]:
    """Ramps of each ink, of pairs, and coats at random, as 40 x 64 px."""
    ramp, rows = np.arange(64) * 4 + 3, np.zeros((40, 64, 4), np.uint8)
    for row, channels in enumerate([(0,), (1,), (2,), (3,), (0, 1), (1, 2), (0, 2), (0, 1, 2)]):
        rows[row, :, list(channels)] = ramp
    rows[8:] = np.random.default_rng(0).integers(0, 256, (32, 64, 4))
    return rows


def saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def differences(content: bytes, wanted: NDArray[np.generic], form: CanonicalForm = NEWEST) -> NDArray[np.float64]:
    """Levels between decoded pixels and those that are wanted, a value for each channel of each pixel."""
    found = decode(content, Limits(), form).pixels.astype(np.float64)
    return np.abs(found - np.asarray(wanted, np.float64).reshape(found.shape))


def by_littlecms(cmyk: NDArray[np.uint8], flags: ImageCms.Flags = ImageCms.Flags.NOOPTIMIZE) -> NDArray[np.uint8]:
    """The reference: LittleCMS from the profile to sRGB, perceptual, which is the profile's own intent, without a table."""
    profile, srgb = ImageCms.ImageCmsProfile(io.BytesIO(a_printers_profile())), ImageCms.createProfile("sRGB")
    intent = ImageCms.Intent(ImageCms.getDefaultIntent(profile))
    convert = ImageCms.buildTransform(profile, srgb, "CMYK", "RGB", intent, flags=flags)
    converted = ImageCms.applyTransform(Image.fromarray(cmyk, "CMYK"), convert)
    assert converted is not None
    return np.asarray(converted)


@pytest.mark.parametrize("file_format", ["TIFF", "JPEG"])
def test_cmyk__is_converted_by_its_profile(file_format: str) -> None:
    options = {"quality": 85, "progressive": True} if file_format == "JPEG" else {}
    content = saved(Image.fromarray(inks(), "CMYK"), file_format, icc_profile=a_printers_profile(), **options)
    # Adobe's JPEGs, and Pillow's, hold the paper that is left, not the coat.
    stored = inks() if file_format == "TIFF" else 255 - simplejpeg.decode_jpeg(content, "CMYK")

    assert differences(content, by_littlecms(stored)).max() <= MOST_DIFFERENT
    assert differences(content, in_srgb(stored.reshape(-1, 4))).max() <= MOST_DIFFERENT


def test_cmyk__of_an_earlier_form_keeps_its_colours() -> None:
    content = saved(Image.fromarray(inks(), "CMYK"), "TIFF", icc_profile=a_printers_profile())
    as_before = by_littlecms(inks(), ImageCms.Flags.NONE)

    assert differences(content, as_before, CanonicalForm(5)).max() == 0
    # The table that LittleCMS makes by itself is too coarse for single values, most of them near black.
    assert np.abs(in_srgb(inks().reshape(-1, 4)).reshape(as_before.shape) - as_before).max() > 2 * MOST_DIFFERENT


def test_cmyk__by_its_profile_is_far_from_that_without_one() -> None:
    image = Image.fromarray(inks(), "CMYK")

    assert differences(saved(image, "TIFF"), in_srgb(inks().reshape(-1, 4))).mean() > 10


@pytest.mark.parametrize(
    "profile", [None, b"no profile at all", a_profile_of_exchanged_colours()], ids=["none", "broken", "of RGB"]
)
def test_cmyk__without_a_profile_of_its_own_is_what_the_inks_leave_of_white(profile: bytes | None) -> None:
    content = saved(Image.fromarray(inks(), "CMYK"), "TIFF", **({} if profile is None else {"icc_profile": profile}))
    left = 255 - inks().astype(np.float64)

    assert differences(content, left[..., :3] * left[..., 3:] / 255).max() <= 1


def test_foreign_profile__of_rgb_is_applied() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)

    for file_format in ("PNG", "TIFF"):
        content = saved(Image.fromarray(pixels), file_format, icc_profile=a_profile_of_exchanged_colours())
        assert differences(content, pixels[..., ::-1]).max() <= MOST_DIFFERENT


def test_image__without_a_profile_keeps_its_colours() -> None:
    file = given.real_data("hostile", "pillow") / "hopper-XYZ.png"
    with Image.open(file) as image:
        as_stored = np.asarray(image.convert("RGB"))

    assert differences(file.read_bytes(), as_stored).max() == 0
