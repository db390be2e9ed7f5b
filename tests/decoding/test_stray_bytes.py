"""Tests that stray bytes before restart markers, as webcams write them, are no damage, and that lost and replaced bytes are.

Cases from public reports on Logitech C270 and C920: "Corrupt JPEG data: 1 extraneous bytes before marker 0xd4".
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.jpeg_intervals import has_whole_intervals
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import RejectedFileError

COLOURS = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (120, 160, 3)).astype(np.uint8), (0, 0), 3)
SAMPLINGS = {"4:2:0": 0x221111, "4:2:2": 0x211111, "4:4:4": 0x111111}


def a_jpeg(interval: int = 10, sampling: str = "4:2:0", *, is_grey: bool = False) -> bytes:
    options = [cv2.IMWRITE_JPEG_RST_INTERVAL, interval, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling]]
    return cv2.imencode(".jpg", COLOURS[..., 0] if is_grey else COLOURS, options)[1].tobytes()


def markers(jpeg: bytes) -> list[int]:
    """Places of the restart markers."""
    first = jpeg.index(b"\xff\xda")
    return [place for place in range(first, len(jpeg) - 1) if jpeg[place] == 0xFF and 0xD0 <= jpeg[place + 1] <= 0xD7]


def with_stray(jpeg: bytes, stray: bytes) -> bytes:
    """The JPEG with these bytes before every second restart marker."""
    for place in reversed(markers(jpeg)[::2]):
        jpeg = jpeg[:place] + stray + jpeg[place:]
    return jpeg


@pytest.mark.parametrize("stray", [b"\x00", b"\x5a", b"\x12\x34"])
@pytest.mark.parametrize("sampling", list(SAMPLINGS))
@pytest.mark.parametrize("interval", [3, 10])
def test_stray_bytes_before_restart_markers__change_no_pixel(interval: int, sampling: str, stray: bytes) -> None:
    whole = a_jpeg(interval, sampling)

    found = decode(with_stray(whole, stray), Limits())

    assert np.array_equal(found.pixels, decode(whole, Limits()).pixels)


def test_stray_bytes_of_a_grey_image__change_no_pixel() -> None:
    whole = a_jpeg(20, is_grey=True)

    assert np.array_equal(decode(with_stray(whole, b"\x41"), Limits()).pixels, decode(whole, Limits()).pixels)


def test_intervals_that_changed_places__are_refused() -> None:
    whole = a_jpeg()
    first, second, third = markers(whole)[:3]

    with pytest.raises(RejectedFileError) as refused:
        decode(with_stray(whole[: first + 2] + whole[second + 2 : third + 2] + whole[third + 2 :], b"\x41"), Limits())

    assert refused.value.reason in ("corrupt", "truncated")


@pytest.mark.parametrize("lost", [64, 512])
def test_lost_packet_beside_stray_bytes__is_refused(lost: int) -> None:
    whole = with_stray(a_jpeg(), b"\x41")
    place = markers(whole)[4] + 30

    with pytest.raises(RejectedFileError):
        decode(whole[:place] + whole[place + lost :], Limits())


def test_progressive_and_plain_jpegs__have_no_intervals() -> None:
    progressive = cv2.imencode(".jpg", COLOURS, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    plain = cv2.imencode(".jpg", COLOURS)[1].tobytes()

    assert [has_whole_intervals(one, lambda _: True) for one in (progressive, plain)] == [False, False]
