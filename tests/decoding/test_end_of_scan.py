"""Tests of where the data of a scan end."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_tasks.decoding.jpeg_structure import read_structure
from pipeline_tasks.errors import RejectedFileError

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
HEAD = b"\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
PIECES = [b"\xff\x00", b"\xff\xd0", b"\xff\xd7", b"\xff\xff", b"\xff\xd9", b"\xff", b"\x00", b"\xd9", b"ab"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_scan__ends_at_the_first_marker_that_is_no_restart(data: bytes) -> None:
    content = HEAD + data + b"\xff\xd9"
    marker = _MARKER.search(content, len(HEAD))
    assert marker is not None

    image = read_structure(content).image

    assert image.startswith(content[: marker.start()])


@pytest.mark.parametrize("before", [0, 200, 254, 255, 256, 257, 510, 1278, 1279, 1280, 5000, 70_000])
def test_scan__of_any_length_ends_at_its_marker(before: int) -> None:
    stuffed = (b"ab\xff\x00\xff\xd3" * before)[:before]
    filled = stuffed[:-1] + b"a" if stuffed.endswith(b"\xff") else stuffed

    structure = read_structure(HEAD + filled + b"\xff\xd9" + b"behind\xff\xd9")

    assert structure.end == len(HEAD) + before + 2
    assert structure.image == HEAD + filled + b"\xff\xd9"


@pytest.mark.parametrize("length", [3, 255, 257, 3000])
def test_scan__without_a_marker_is_cut(length: int) -> None:
    with pytest.raises(RejectedFileError, match="ends before the image's end marker"):
        read_structure(HEAD + b"a" * length)
