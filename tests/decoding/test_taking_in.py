"""Tests of what the intake makes of a file: measurements, thumbnail and the backbone's image, in the process that decodes it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from decoding.damage import a_drawn_image
from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes
from pipeline_tasks.decoding.jpeg import decode_jpeg, encode_jpeg, small_thumbnail
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.decoding.taking_in import take_in
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.measurements.measuring import measure

SIZES = IntakeSizes(model_px=224, thumbnail_px=160)
COLUMNS = ["luma_mean", "luma_contrast", "entropy_bits", "sharpness", "perceptual_hash"]


def a_file(side_px: int, file_format: str = "JPEG", number: int = 0, **options: object) -> bytes:
    buffer = io.BytesIO()
    image = a_drawn_image(np.random.default_rng(number), side_px)
    image.crop((0, 0, side_px, side_px * 3 // 4)).save(buffer, file_format, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def taken(content: bytes, form: CanonicalForm = NEWEST) -> IntakeImage:
    return take_in(content, Limits(), form, SIZES)


@pytest.mark.parametrize(("side_px", "form"), [(500, NEWEST), (1000, CanonicalForm(3)), (1000, CanonicalForm(2))])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_take_in__makes_of_little_images_and_of_earlier_forms_what_it_always_made(
    side_px: int, form: CanonicalForm, file_format: str
) -> None:
    content = a_file(side_px, file_format)

    found, image = taken(content, form), decode(content, Limits(), form.small)

    assert found.measured == measure(image.pixels, digest=image.digest)
    assert found.thumbnail == encode_jpeg(small_thumbnail(image))
    assert np.array_equal(found.model_image, model_image(image.pixels, 224))
    assert (found.file_format, found.size_px, found.frames) == (file_format, (side_px, side_px * 3 // 4), 1)


@pytest.mark.parametrize("content", [a_file(600), a_file(900), a_file(1400), a_file(900, "PNG"), a_file(900, "WEBP", quality=80)])
def test_take_in__measures_averages_of_larger_images_as_the_whole_ones(content: bytes) -> None:
    found, whole = taken(content), decode(content, Limits())

    wanted = measure(whole.pixels, COLUMNS)
    assert found.measured["luma_mean"] == pytest.approx(wanted["luma_mean"], abs=0.5)
    assert found.measured["luma_contrast"] == pytest.approx(wanted["luma_contrast"], rel=0.05)
    assert found.measured["entropy_bits"] == pytest.approx(wanted["entropy_bits"], abs=0.2)
    assert found.measured["sharpness"] == pytest.approx(wanted["sharpness"], rel=0.2)
    assert (int(found.measured["perceptual_hash"]) ^ int(wanted["perceptual_hash"])).bit_count() <= 4
    thumbnail, by_pillow = decode_jpeg(found.thumbnail), small_thumbnail(whole)
    assert thumbnail is not None
    assert np.abs(thumbnail.astype(int) - by_pillow).mean() < 4


def test_take_in__measures_a_small_image_by_the_size_of_the_whole_one() -> None:
    content = a_file(900)
    small, whole = decode(content, Limits(), NEWEST.small), decode(content, Limits())
    assert (max(small.pixels.shape), whole.size_px) == (450, (900, 675))

    found, before = taken(content).measured, taken(content, CanonicalForm(5)).measured

    assert found == measure(small.pixels, digest=small.digest, averaging="all")
    assert before == measure(small.pixels, digest=small.digest, averaging="colours")
    assert found["sharpness"] == pytest.approx(before["sharpness"], rel=0.05)
    assert found["luma_mean"] == pytest.approx(before["luma_mean"], abs=0.5)
    assert (int(found["perceptual_hash"]) ^ int(before["perceptual_hash"])).bit_count() <= 4


def test_take_in__keeps_the_digest_of_all_pixels_of_an_averaged_image() -> None:
    content = a_file(900, "PNG")

    assert taken(content).measured["pixels_sha256"] == measure(decode(content, Limits()).pixels)["pixels_sha256"]


def test_take_in__digests_the_data_of_larger_jpegs_and_the_pixels_of_little_ones() -> None:
    large, described, other = map(taken, (a_file(600), a_file(600, comment="a part"), a_file(600, number=1)))
    little = a_file(500)

    digests = [one.measured["pixels_sha256"] for one in (large, described, other)]
    assert digests[0] == digests[1] != digests[2]
    assert digests[0] != measure(decode(a_file(600), Limits()).pixels)["pixels_sha256"]
    assert taken(little).measured["pixels_sha256"] == measure(decode(little, Limits()).pixels)["pixels_sha256"]


@pytest.mark.parametrize("size_px", [(4000, 3), (3, 4000), (1, 700), (700, 40), (513, 511)])
def test_take_in__measures_long_and_thin_images(size_px: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size_px, (77, 77, 77)).save(buffer, "PNG")

    found = taken(buffer.getvalue())

    assert [found.measured[name] for name in ("luma_mean", "luma_contrast", "sharpness")] == [77, 0, 0]
    thumbnail = decode_jpeg(found.thumbnail)
    assert thumbnail is not None
    assert max(thumbnail.shape) == 160


def test_take_in__makes_the_backbones_image_of_all_pixels_where_the_small_image_has_too_few() -> None:
    content, side_px = a_file(1000), 400

    found = take_in(content, Limits(), NEWEST, IntakeSizes(side_px, 160))

    assert np.array_equal(found.model_image, model_image(decode(content, Limits()).pixels, side_px))


def test_take_in__makes_no_image_for_a_model_where_none_is_asked_for() -> None:
    with DecodingPool(1) as pool:
        without, wanted = pool.take_in(a_file(600), NEWEST, IntakeSizes(0, 160)), taken(a_file(600))

    assert without.model_image.size == 0
    assert (without.measured, without.thumbnail, without.size_px) == (wanted.measured, wanted.thumbnail, wanted.size_px)


def test_pool__takes_in_as_this_process_does_and_refuses_as_decoding_does() -> None:
    good, cut = a_file(1000), a_file(1000)[:-900]

    with DecodingPool(1) as pool:
        found = pool.take_in(good, NEWEST, SIZES)
        with pytest.raises(RejectedFileError) as refused:
            pool.take_in(cut, NEWEST, SIZES)
        again = pool.take_in(good, NEWEST, SIZES)
        with pytest.raises(RejectedFileError) as by_decoding:
            pool.decode(cut)
        assert pool.decode(good).size_px == (1000, 750)

    wanted = taken(good)
    for one in (found, again):
        assert (one.measured, one.thumbnail, one.size_px) == (wanted.measured, wanted.thumbnail, wanted.size_px)
        assert one.has_colours is wanted.has_colours is True
        assert np.array_equal(one.model_image, wanted.model_image)
    assert (refused.value.reason, refused.value.detail) == (by_decoding.value.reason, by_decoding.value.detail)


def test_take_in__says_that_measuring_took_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pipeline_tasks.decoding.taking_in.measured", too_much)

    with pytest.raises(RejectedFileError, match="measuring asked for more memory"):
        taken(a_file(100))


def test_take_in__turns_an_image_before_it_is_measured() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    found = taken(a_file(1000, exif=exif))

    assert found.size_px == (750, 1000)
    thumbnail = decode_jpeg(found.thumbnail)
    assert thumbnail is not None
    assert thumbnail.shape == (160, 120, 3)
