"""Tests of AVIF, which Pillow's own decoder reads, and of HEIC, which nothing here reads."""

from __future__ import annotations

import io

import given
import numpy as np
import pytest
from decoding.a_profile import a_profile_of_exchanged_colours
from decoding.damage import a_drawn_image
from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.iso_boxes import ends_inside_a_box, kind_of_image, largest_size_px
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.errors import RejectedFileError

MOST_DIFFERENT = 3.0
"""Levels, on average, that a lossy image differs by."""


def drawn() -> Image.Image:
    return a_drawn_image(np.random.default_rng(5), 128).crop((0, 0, 128, 80))


def avif(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "AVIF", **{"quality": 95, "speed": 10, "subsampling": "4:4:4"} | options)  # type: ignore[arg-type]
    return buffer.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def difference(content: bytes, wanted: Image.Image) -> float:
    found = decode(content, Limits()).pixels
    return float(np.abs(found.astype(int) - np.asarray(wanted.convert("RGB"))).mean())


def test_avif__is_decoded_in_a_child_as_here() -> None:
    content = avif(drawn())

    with DecodingPool(1) as pool:
        found = pool.decode(content)

    assert (found.file_format, found.frames, found.orientation, found.size_px) == ("AVIF", 1, 1, (128, 80))
    assert np.array_equal(found.pixels, decode(content, Limits(), NEWEST.small).pixels)
    assert difference(content, drawn()) < MOST_DIFFERENT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif__is_turned_once(orientation: int) -> None:
    upright = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    content = avif(drawn(), exif=turned(orientation))

    wanted = drawn().transpose(upright[orientation]) if orientation in upright else drawn()
    assert decode(content, Limits()).orientation == orientation
    assert difference(content, wanted) < MOST_DIFFERENT


def test_avif__composites_alpha_and_applies_its_profile() -> None:
    glass = drawn().convert("RGBA")
    glass.putalpha(Image.linear_gradient("L").resize(glass.size))
    white = Image.new("RGBA", glass.size, "white")

    assert difference(avif(glass), Image.alpha_composite(white, glass)) < MOST_DIFFERENT
    exchanged = Image.fromarray(np.asarray(drawn())[..., ::-1])
    assert difference(avif(drawn(), icc_profile=a_profile_of_exchanged_colours()), exchanged) < MOST_DIFFERENT


def test_avif__of_several_frames_is_its_first_one_and_says_so() -> None:
    content = avif(drawn(), save_all=True, append_images=[Image.new("RGB", (128, 80), "red")] * 2)

    assert decode(content, Limits()).frames == 3
    assert difference(content, drawn()) < 2 * MOST_DIFFERENT


def test_size_boxes__are_read_before_anything_is_decoded() -> None:
    content = avif(drawn())
    at = content.index(b"ispe") + 8
    bomb = content[:at] + (60_000).to_bytes(4, "big") * 2 + content[at + 8 :]

    assert (largest_size_px(content), largest_size_px(bomb), largest_size_px(b"")) == ((128, 80), (60_000, 60_000), (0, 0))
    with pytest.raises(RejectedFileError, match="found 60000 x 60000, wanted at most 50000000 pixels"):
        decode(bomb, Limits())


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x14ftypheix\0\0\0\0avif", "HEIC"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1avif", "HEIF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0avifavif", None),
        (b"\0\0\0\x18avif", None),
    ],
)
def test_kind__is_read_off_the_brands(start: bytes, kind: str | None) -> None:
    assert kind_of_image(start) == kind


def test_ends_inside_a_box__knows_boxes_to_the_end_and_long_ones() -> None:
    box, to_the_end = b"\0\0\0\x0cfreeabcd", b"\0\0\0\0mdat1234"
    long_box = b"\0\0\0\x01mdat" + (20).to_bytes(8, "big") + b"abcd"

    assert [ends_inside_a_box(one) for one in (box, box + box, box + to_the_end, long_box + box)] == [False] * 4
    assert [ends_inside_a_box(one) for one in (box[:-1], box + box[:5], long_box[:-1])] == [True] * 3


def test_heic__is_refused_with_what_to_convert_it_to() -> None:
    with pytest.raises(RejectedFileError, match=r"found HEIC.*convert it to JPEG or AVIF") as refused:
        decode(b"\0\0\0\x18ftypheic" + bytes(300), Limits())

    assert refused.value.reason == "unsupported_format"


@pytest.mark.slow
def test_avif__turned_by_its_container_matches_the_others_of_its_set() -> None:
    folder = given.real_data("hostile", "pillow")
    for rotation in range(4):
        for mirror in range(2):
            found = decode((folder / f"avif__rot{rotation}mir{mirror}.avif").read_bytes(), Limits())
            assert found.size_px == (640, 427), (rotation, mirror)
