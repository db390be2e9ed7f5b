"""Tests of reading EXIF data: right values, and for everything that cannot be right an empty field with its reason."""

from __future__ import annotations

import io
import struct
from dataclasses import fields
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from an_exif_block import EXIF, Entry, ascii_, block, in_jpeg, ratio, short
from PIL import ExifTags, Image

from pipeline_tasks.images.exif.capture import NOT_READ, Capture, CaptureRules, capture_of
from pipeline_tasks.images.exif.trouble import REASONS

UTC = ZoneInfo("UTC")
RULES = CaptureRules(UTC, datetime(2026, 11, 30, tzinfo=timezone.utc), 3)
TIME, OFFSET, FRACTION = 0x9003, 0x9011, 0x9291
GOOD_TIME = ascii_(TIME, "2026:11:21 14:30:05")
NORTH, EAST = [ascii_(1, "N"), ratio(2, (52, 1), (31, 1), (123456, 10000))], [ascii_(3, "E"), ratio(4, (13, 1), (24, 1), (0, 1))]


def read(content: bytes, rules: CaptureRules = RULES) -> Capture:
    return capture_of(content, rules)


def from_block(exif: bytes) -> Capture:
    return read(in_jpeg(exif))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_capture__is_the_same_in_every_format_that_pillow_writes(file_format: str) -> None:
    found = read(written_by_pillow(file_format))

    assert found == Capture(
        captured_at=datetime(2026, 11, 21, 12, 30, 5, 250_000, tzinfo=timezone.utc),
        captured_from="exif",
        camera="Canon EOS R5",
        exposure_s=1 / 250,
        f_number=2.8,
        focal_length_mm=50.0,
        iso=400,
        latitude_deg=-52.52,
        longitude_deg=-13.4,
        exif_troubles="",
    )


def written_by_pillow(file_format: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Canon", "Canon EOS R5"
    exif[ExifTags.Base.Artist] = "a person's name"
    inside = exif.get_ifd(ExifTags.IFD.Exif)
    inside[TIME], inside[OFFSET], inside[FRACTION] = "2026:11:21 14:30:05", "+02:00", "25"
    inside[ExifTags.Base.ExposureTime], inside[ExifTags.Base.FNumber] = 1 / 250, 2.8
    inside[ExifTags.Base.FocalLength], inside[ExifTags.Base.ISOSpeedRatings] = 50.0, 400
    inside[ExifTags.Base.BodySerialNumber] = "1234567890"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "S", 2: (52.0, 31.0, 12.3456), 3: "W", 4: (13.0, 24.0, 0.0)})
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(buffer, file_format, exif=exif)
    return buffer.getvalue()


def test_capture__of_a_tiff_file_is_read_from_the_file_itself() -> None:
    tiff = block([ascii_(0x0110, "Scanner 3")], [GOOD_TIME], [*NORTH, *EAST])

    assert read(tiff) == from_block(tiff)
    assert (read(tiff).camera, read(tiff).latitude_deg) == ("Scanner 3", 52.52)


@pytest.mark.parametrize("order", ["<", ">"])
def test_capture__is_read_in_both_byte_orders(order: str) -> None:
    exif = [GOOD_TIME, short(0x8827, 200, order), ratio(0x829A, (1, 50), order=order)]

    found = from_block(block([ascii_(0x0110, "P6000")], exif, order=order))

    assert (found.camera, found.iso, found.exposure_s, found.captured_from) == ("P6000", 200, 0.02, "exif_zone")


def test_capture__reads_a_clock_without_an_offset_in_the_sources_zone() -> None:
    berlin = CaptureRules(ZoneInfo("Europe/Berlin"), RULES.latest, 3)

    summer = read(in_jpeg(block(exif=[ascii_(TIME, "2026:07:01 12:00:00")])), berlin)
    winter = read(in_jpeg(block(exif=[ascii_(TIME, "2026:01:01 12:00:00")])), berlin)

    assert summer.captured_at == datetime(2026, 7, 1, 10, tzinfo=timezone.utc)
    assert winter.captured_at == datetime(2026, 1, 1, 11, tzinfo=timezone.utc)


def test_capture__takes_the_time_of_gps_where_the_camera_has_none_that_can_be() -> None:
    gps = [ratio(7, (12, 1), (30, 1), (5, 1)), ascii_(0x1D, "2026:11:21")]

    found = from_block(block(exif=[ascii_(TIME, "0000:00:00 00:00:00")], gps=gps))

    assert (found.captured_at, found.captured_from) == (datetime(2026, 11, 21, 12, 30, 5, tzinfo=timezone.utc), "gps")
    assert found.exif_troubles == "captured_at: not_set"


def test_capture__takes_the_time_of_digitization_but_never_that_of_a_files_last_change() -> None:
    digitized = from_block(block([ascii_(0x0132, "2020:01:01 00:00:00")], [ascii_(0x9004, "2026:11:21 14:30:05")]))
    changed = from_block(block([ascii_(0x0132, "2020:01:01 00:00:00")]))

    assert digitized.captured_at == datetime(2026, 11, 21, 14, 30, 5, tzinfo=timezone.utc)
    assert changed.captured_at is None


@pytest.mark.parametrize(("digits", "latitude"), [(0, 53.0), (3, 52.52), (6, 52.520096), (None, None)])
def test_capture__rounds_a_position_or_keeps_none(digits: int | None, latitude: float | None) -> None:
    found = read(in_jpeg(block(gps=[*NORTH, *EAST])), CaptureRules(UTC, RULES.latest, digits))

    assert found.latitude_deg == latitude
    assert (found.longitude_deg is None, found.exif_troubles) == (latitude is None, "")


BAD_TIMES = {
    "0000:00:00 00:00:00": "not_set",
    "    :  :     :  :  ": "not_set",
    "": "not_set",
    "2026:13:01 00:00:00": "impossible",
    "2026:02:30 00:00:00": "impossible",
    "2026:11:21 25:00:00": "impossible",
    "yesterday": "impossible",
    "1904:01:01 00:00:00": "before_1990",
    "0001:01:01 00:00:00": "before_1990",
    "9999:12:31 23:59:59": "in_the_future",
    "2026:12:01 00:00:00": "in_the_future",
    "2026:11:21 14:30:05\x00<script>": "control_characters",
    "2026:11:21\n14:30:05": "control_characters",
    "2026:11:21 14:30:05" + "9" * 2000: "too_long",
}


@pytest.mark.parametrize(("time", "reason"), BAD_TIMES.items())
def test_capture__without_a_time_that_can_be_names_the_reason_and_reads_the_rest(time: str, reason: str) -> None:
    found = from_block(block(exif=[ascii_(TIME, time), short(0x8827, 100)]))

    assert (found.captured_at, found.captured_from, found.iso) == (None, None, 100)
    assert found.exif_troubles == f"captured_at: {reason}"


BAD_NUMBERS = [
    (ratio(0x829A, (1, 0)), "exposure_s: divided_by_zero"),
    (ratio(0x829A, (0, 0)), "exposure_s: divided_by_zero"),
    (ratio(0x829A, (0, 1)), "exposure_s: out_of_range"),
    (ratio(0x829A, (2**32 - 1, 1)), "exposure_s: out_of_range"),
    (Entry(0x829A, 10, struct.pack("<ii", -1, 50)), "exposure_s: out_of_range"),
    (Entry(0x829D, 11, struct.pack("<f", float("nan"))), "f_number: not_a_number"),
    (Entry(0x829D, 12, struct.pack("<d", float("inf"))), "f_number: not_a_number"),
    (ratio(0x829D, (0, 1)), "f_number: out_of_range"),
    (ascii_(0x829D, "2.8"), "f_number: wrong_type"),
    (Entry(0x829D, 77, b"ab"), "f_number: wrong_type"),
    (Entry(0x829D, 5, b"12345678", count=2**31), "f_number: too_long"),
    (Entry(0x829D, 5, b"12345678", count=100), "f_number: truncated"),
    (Entry(0x829D, 5, b"", count=0), "f_number: not_set"),
    (short(0x8827, 0), "iso: out_of_range"),
    (Entry(0x8827, 4, struct.pack("<I", 2**32 - 1)), "iso: out_of_range"),
    (ratio(0x8827, (1, 3)), "iso: wrong_type"),
    (ratio(0x920A, (0, 1)), "focal_length_mm: out_of_range"),
]


@pytest.mark.parametrize(("entry", "trouble"), BAD_NUMBERS)
def test_capture__without_a_number_that_can_be_names_the_reason_and_reads_the_rest(entry: Entry, trouble: str) -> None:
    found = from_block(block(exif=[entry, GOOD_TIME]))

    assert getattr(found, trouble.partition(":")[0]) is None
    assert found.exif_troubles == trouble
    assert found.captured_at is not None


BAD_POSITIONS = [
    ([ascii_(1, "N"), ratio(2, (91, 1), (0, 1), (0, 1)), *EAST], "out_of_range"),
    ([*NORTH, ascii_(3, "E"), ratio(4, (181, 1), (0, 1), (0, 1))], "out_of_range"),
    ([ascii_(1, "N"), ratio(2, (52, 0), (0, 1), (0, 1)), *EAST], "divided_by_zero"),
    ([ascii_(1, "N"), ratio(2, (0, 1), (0, 1), (0, 1)), ascii_(3, "E"), ratio(4, (0, 1), (0, 1), (0, 1))], "no_fix"),
    ([Entry(9, 2, b"V\0"), *NORTH, *EAST], "no_fix"),
    ([NORTH[1], EAST[1]], "no_hemisphere"),
    ([ascii_(1, "Q"), NORTH[1], *EAST], "no_hemisphere"),
    ([*NORTH], "not_set"),
    ([ascii_(1, "N\x1b[31m"), NORTH[1], *EAST], "control_characters"),
    ([ascii_(1, "N"), ascii_(2, "fifty-two"), *EAST], "wrong_type"),
]


@pytest.mark.parametrize(("gps", "reason"), BAD_POSITIONS)
def test_capture__keeps_no_half_position_and_names_the_reason(gps: list[Entry], reason: str) -> None:
    found = from_block(block(exif=[GOOD_TIME], gps=gps))

    assert (found.latitude_deg, found.longitude_deg) == (None, None)
    assert found.exif_troubles == f"position: {reason}"
    assert found.captured_at is not None


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("EOS\x07", "control_characters"),
        ("EOS \u202egpj", "control_characters"),
        ("E" * 121, "too_long"),
        (b"\xff\xfe", "not_readable"),
    ],
)
def test_capture__takes_no_camera_with_letters_that_deceive(model: str | bytes, reason: str) -> None:
    found = from_block(block([ascii_(0x0110, model)], [GOOD_TIME]))

    assert (found.camera, found.exif_troubles) == (None, f"camera: {reason}")


def test_capture__takes_a_camera_that_pads_its_name() -> None:
    assert from_block(block([ascii_(0x010F, "NIKON  \0\0\0"), ascii_(0x0110, b"P6000\0\0 \0")])).camera == "NIKON P6000"


@pytest.mark.parametrize(
    ("exif", "reason"),
    [(b"II", "truncated"), (b"not TIFF", "broken"), (b"II+\0" + b"\0" * 20, "broken"), (b"II*\0\xff\xff\xff\x7f", "truncated")],
)
def test_capture__of_a_block_that_is_none_says_so(exif: bytes, reason: str) -> None:
    assert from_block(exif) == Capture(exif_troubles=f"exif: {reason}")


def test_capture__of_a_directory_that_points_at_itself_ends() -> None:
    loop = b"II" + struct.pack("<HI", 42, 8) + struct.pack("<H", 1) + struct.pack("<HHII", EXIF, 4, 1, 8) + b"\0\0\0\x08"

    assert from_block(loop).exif_troubles == ""


def test_capture__of_a_directory_that_cannot_be_read_names_its_fields() -> None:
    away = b"II" + struct.pack("<HI", 42, 8) + struct.pack("<H", 1) + struct.pack("<HHII", EXIF, 4, 1, 2**31) + b"\0\0\0\0"

    assert "captured_at: truncated" in str(from_block(away).exif_troubles)


def test_capture__of_any_beginning_or_damage_of_a_file_raises_nothing_and_gives_only_known_reasons() -> None:
    whole = written_by_pillow("JPEG")
    files = [whole[:length] for length in range(500)]
    generator = np.random.default_rng(1)
    for _ in range(1500):
        damaged = bytearray(whole)
        for at in generator.integers(0, 400, 4):
            damaged[at] = generator.integers(0, 256)
        files.append(bytes(damaged))

    troubles = {one for file in files for one in str(read(file).exif_troubles or "").split(", ") if one}

    assert len(troubles) > 10
    names = {*(field.name for field in fields(Capture)), "position", "exif"}
    assert {one.split(": ")[0] for one in troubles} <= names
    assert {one.split(": ")[1] for one in troubles} <= set(REASONS)


def test_capture__of_formats_without_exif_data_says_that_it_was_not_read() -> None:
    assert read(b"GIF89a") == read(b"BM") == read(b"") == NOT_READ
    assert read(in_jpeg(b"")[:2] + b"\xff\xda").exif_troubles == ""
