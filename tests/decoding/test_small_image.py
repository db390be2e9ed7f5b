"""Tests of small images: large JPEGs that are decoded at a part of their size, with the verdict of the whole image."""

from __future__ import annotations

import io
from functools import cache

import given
import numpy as np
import pytest
from decoding.a_profile import a_profile_of_exchanged_colours
from decoding.damage import DAMAGES, ENCODINGS, a_drawn_image
from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.jpeg import small_thumbnail
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.decoding.small_image import LEAST_SHORT_PX, reduction_of
from pipeline_tasks.decoding.wire import Request, receive_file, receive_image, send_file, send_result
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.images.comparing import compare, is_same
from pipeline_tasks.images.views import View
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.settings import DuplicateSettings

SIDE_PX = 2 * LEAST_SHORT_PX
MOST_DIFFERENT = 2.0
"""Levels, on average, between a small image and the whole one averaged to its size; the decision page states what was measured."""
JPEGS = [name for name in ENCODINGS if name.startswith("jpeg")]


@cache
def drawn(number: int = 0) -> Image.Image:
    return a_drawn_image(np.random.default_rng(number), SIDE_PX)


def saved(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def small(content: bytes) -> CanonicalImage:
    return decode(content, Limits(), NEWEST.small)


def verdict(content: bytes, form: CanonicalForm) -> str:
    try:
        decode(content, Limits(), form)
    except RejectedFileError as refused:
        return f"{refused.reason}: {refused.detail}"
    return "image"


@pytest.mark.parametrize(
    ("size_px", "reduction"),
    [
        ((638, 2000), 1),
        ((639, 2000), 2),
        ((2000, 1276), 2),
        ((1277, 2000), 4),
        ((2553, 2554), 8),
        ((8000, 6000), 8),
        ((1, 60_000), 1),
    ],
)
def test_reduction__leaves_320_pixels_of_the_shorter_side(size_px: tuple[int, int], reduction: int) -> None:
    assert reduction_of(size_px) == reduction


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 2}, {"progressive": True}], ids=str)
def test_small_image__is_the_whole_one_reduced(mode: str, options: dict[str, object]) -> None:
    content = saved(drawn().convert(mode), quality=90, **options)

    found, whole = small(content), decode(content, Limits())

    wanted = np.asarray(Image.fromarray(whole.pixels).reduce(2))
    assert found.pixels.shape == (SIDE_PX // 2, SIDE_PX // 2, 3)
    assert np.abs(found.pixels.astype(int) - wanted).mean() < MOST_DIFFERENT
    assert (found.size_px, whole.size_px, whole.whole_px) == ((SIDE_PX, SIDE_PX), (SIDE_PX, SIDE_PX), None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_small_image__is_turned_as_the_whole_one(orientation: int) -> None:
    content = saved(drawn().resize((SIDE_PX + 101, SIDE_PX)), exif=turned(orientation))

    found, whole = small(content), decode(content, Limits())

    wanted = np.asarray(Image.fromarray(whole.pixels).resize(found.pixels.shape[1::-1], Image.Resampling.BOX))
    assert found.size_px == whole.size_px == whole.pixels.shape[1::-1]
    assert np.abs(found.pixels.astype(int) - wanted).mean() < MOST_DIFFERENT


def test_small_image__is_in_srgb() -> None:
    content = saved(drawn(), icc_profile=a_profile_of_exchanged_colours(), quality=95)

    found, whole = small(content), decode(content, Limits())

    assert np.abs(found.pixels.astype(int) - np.asarray(Image.fromarray(whole.pixels).reduce(2))).mean() < MOST_DIFFERENT
    assert np.abs(found.pixels.astype(int) - small(saved(drawn(), quality=95)).pixels).mean() > 10


def test_small_image__of_other_files_is_the_whole_one() -> None:
    png, cmyk, less = io.BytesIO(), saved(drawn().convert("CMYK")), saved(drawn().crop((0, 0, SIDE_PX - 2, SIDE_PX)))
    drawn().save(png, "PNG", compress_level=1)

    for content in (png.getvalue(), cmyk, less):
        found = small(content)
        assert found.whole_px is None
        assert np.array_equal(found.pixels, decode(content, Limits()).pixels)


@pytest.mark.parametrize("version", [1, 2])
def test_small_image__is_none_for_images_of_earlier_forms(version: int) -> None:
    content, form = saved(drawn()), CanonicalForm(version)

    assert form.small == form
    assert decode(content, Limits(), form.small).pixels.shape == (SIDE_PX, SIDE_PX, 3)


@pytest.mark.parametrize("encoding", JPEGS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_small_image__has_the_verdict_of_the_whole_one(encoding: str, damage: str) -> None:
    whole, other = (ENCODINGS[encoding].encode(drawn(number)) for number in (0, 1))
    for seed in range(2):
        content = DAMAGES[damage](whole, other, ENCODINGS[encoding], np.random.default_rng(seed))
        assert verdict(content, NEWEST.small) == verdict(content, NEWEST)


@pytest.mark.slow
def test_small_image__has_the_verdict_of_the_whole_one_for_hostile_files() -> None:
    for file in sorted(given.real_data("hostile", "pillow").iterdir()):
        content = file.read_bytes()
        if content.startswith(b"\xff\xd8"):
            assert verdict(content, NEWEST.small) == verdict(content, NEWEST), file.name


def test_digest__is_equal_for_files_that_differ_in_metadata_alone() -> None:
    plain = saved(drawn())
    described, other, upside_down = saved(drawn(), comment="a part"), saved(drawn(1)), saved(drawn(), exif=turned(3))

    digests = [measure(one.pixels, ["pixels_sha256"], one.digest) for one in map(small, (plain, described))]
    assert digests[0] == digests[1]
    assert len({one.digest for one in map(small, (plain, other, upside_down))}) == 3


def test_measurements__of_a_small_image_are_close_to_those_of_the_whole_one() -> None:
    content = saved(drawn(), quality=92)
    columns = ["luma_mean", "luma_contrast", "entropy_bits", "sharpness", "perceptual_hash"]

    of_whole = measure(decode(content, Limits()).pixels, columns)
    of_small = measure(small(content).pixels, columns, "0" * 64)

    assert of_small["luma_mean"] == pytest.approx(of_whole["luma_mean"], abs=0.5)
    assert of_small["luma_contrast"] == pytest.approx(of_whole["luma_contrast"], rel=0.05)
    assert of_small["entropy_bits"] == pytest.approx(of_whole["entropy_bits"], abs=0.2)
    assert of_small["sharpness"] == pytest.approx(of_whole["sharpness"], rel=0.2)
    assert (int(of_small["perceptual_hash"]) ^ int(of_whole["perceptual_hash"])).bit_count() <= 4


def test_views__of_an_image_of_an_earlier_form_and_of_its_copy_are_the_same() -> None:
    whole = decode(saved(drawn(), quality=90), Limits(), CanonicalForm(2).small)
    copy = small(saved(drawn(), quality=70))

    found = compare(*(View(small_thumbnail(one)) for one in (whole, copy)), DuplicateSettings())

    assert copy.whole_px is not None
    assert is_same(found, DuplicateSettings())


def test_model_image__is_made_of_the_small_image_where_that_has_its_pixels() -> None:
    assert form_for_model(NEWEST, 224).is_small
    assert form_for_model(NEWEST, LEAST_SHORT_PX - 32).is_small
    assert not form_for_model(NEWEST, LEAST_SHORT_PX - 31).is_small
    assert not form_for_model(NEWEST, 224, WHOLE).is_small
    assert not form_for_model(CanonicalForm(2), 224).is_small


def test_model_image__of_a_small_image_is_that_of_the_whole_one_but_for_a_few_levels() -> None:
    content = saved(drawn(), quality=92)

    by_small, by_whole = (model_image(decode(content, Limits(), form).pixels, 224).astype(int) for form in (NEWEST.small, NEWEST))

    assert np.abs(by_small - by_whole).mean() < MOST_DIFFERENT


def test_wire__carries_a_small_image() -> None:
    stream = io.BytesIO()
    send_file(stream, Request(b"content", CanonicalForm(3, 12).small))
    stream.seek(0)
    assert receive_file(stream) == Request(b"content", CanonicalForm(3, 12, is_small=True))
    wanted, stream = small(saved(drawn().resize((SIDE_PX, SIDE_PX + 9)))), io.BytesIO()
    send_result(stream, wanted)
    stream.seek(0)
    found = receive_image(stream)
    assert (found.whole_px, found.digest) == (wanted.whole_px, wanted.digest)
    assert np.array_equal(found.pixels, wanted.pixels)
