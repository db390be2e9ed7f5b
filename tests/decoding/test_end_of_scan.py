"""Tests of where the data of a scan end."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_tasks.decoding.jpeg_structure import read_structure

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
