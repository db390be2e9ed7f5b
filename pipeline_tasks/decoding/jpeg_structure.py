"""Structure of a JPEG: the segments of the image up to the end marker.

Cameras and viewers write more than the image: a second image, a trailer, a preview or padding after the end marker, and
stray bytes between segments. None of this is damage; a missing end marker or a missing scan is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline_tasks.errors import RejectedFileError

END = b"\xff\xd9"
_START = b"\xff\xd8"
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_APP0, _APP2, _APP14, _COMMENT, _DQT, _SOS, _EOI = 0xE0, 0xE2, 0xEE, 0xFE, 0xDB, 0xDA, 0xD9
_COEFFICIENTS = 64
_JFIF_BYTES = 18
_ABSENT = 99
"""Lowest bit of a coefficient without any scan."""
_ALL = [0] * _COEFFICIENTS


@dataclass
class JpegStructure:
    """One whole JPEG."""

    image: bytes = b""
    """The JPEG without metadata and stray bytes, from start marker to end marker."""
    end: int = 0
    """Index behind the end marker in the file."""
    frame: bytes = b""
    """Contents of the frame header: precision, height, width, components."""
    has_index_of_images: bool = False
    """The file says itself that it holds more images (MPF)."""
    lowest_bits: dict[int, list[int]] = field(default_factory=dict)
    """Component → lowest bit of each of its 64 coefficients that a scan has brought; 0: all of it."""


def read_structure(content: bytes) -> JpegStructure:
    """Read the segments of a JPEG.

    Raises:
        RejectedFileError: `truncated` where the file ends before its end marker or lacks a scan; `corrupt` where a segment
            cannot be meant.
    """
    found, pieces, is_progressive = JpegStructure(), [_START], False
    for kind, segment, scan in _segments(content):
        if kind == _EOI:
            found.end = len(content) - len(segment)
        elif kind in _FRAMES:
            found.frame, is_progressive = segment[4:], kind in _PROGRESSIVE
        elif kind == _DQT:
            _check_quantization(segment[4:])
        elif kind == _SOS:
            segment = _scan_header(segment, found, is_progressive)
        elif kind == _APP2:
            found.has_index_of_images |= segment[4:8] == b"MPF\x00"
        pieces += [b"" if kind == _EOI else _kept(kind, segment), scan]
    _check_scans(found)
    found.image = b"".join([*pieces, END])
    return found


def _segments(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the marker, the segment with its marker, and the scan behind it, of each; for the end marker, all that follows."""
    position = len(_START)
    while (position := content.find(b"\xff", position)) >= 0:
        kind = content[position + 1] if position + 1 < len(content) else 0xFF
        if kind == _EOI:
            yield kind, content[position + 2 :], b""
            return
        if kind < 0xC0 or 0xD0 <= kind <= 0xD8 or kind == 0xFF:
            # Fill bytes, and stray ones between two segments.
            position += 1
            continue
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        end = position + 2 + max(length, 2)
        if end > len(content):
            break
        scan_end = end
        if kind == _SOS:
            marker = _MARKER_IN_SCAN.search(content, end)
            if marker is None:
                break
            scan_end = marker.start()
        yield kind, content[position:end], content[end:scan_end]
        position = scan_end
    raise RejectedFileError("truncated", "JPEG: the file ends before the image's end marker")


def _kept(kind: int, segment: bytes) -> bytes:
    """A segment for libjpeg: without metadata and preview, and with a version number that libjpeg accepts."""
    if kind == _APP0 and segment[4:9] == b"JFIF\x00":
        whole = segment[:9] + b"\x01" + segment[10:]
        return whole if len(whole) <= _JFIF_BYTES else b"\xff\xe0\x00\x10" + whole[4 : _JFIF_BYTES - 2] + b"\x00\x00"
    if kind == _APP14 and segment[4:9] == b"Adobe":
        return segment
    return b"" if 0xE0 <= kind <= 0xEF or kind == _COMMENT else segment


def _check_quantization(tables: bytes) -> None:
    """Refuse a quantization table with a zero, which no encoder writes.

    Raises:
        RejectedFileError: `corrupt`.
    """
    position = 0
    while position < len(tables):
        width = 2 if tables[position] >> 4 else 1
        values = tables[position + 1 : position + 1 + width * _COEFFICIENTS]
        has_zero = 0 in values if width == 1 else any(not any(values[place : place + 2]) for place in range(0, len(values), 2))
        if has_zero:
            raise RejectedFileError("corrupt", "JPEG: a quantization table holds a zero")
        position += 1 + width * _COEFFICIENTS


def _scan_header(segment: bytes, found: JpegStructure, is_progressive: bool) -> bytes:
    """Record the coefficients of a scan; in a sequential JPEG each scan has all, independent of its header."""
    components = segment[4] if len(segment) > 4 else 0
    spectrum = 5 + 2 * components
    if len(segment) < spectrum + 3:
        raise RejectedFileError("corrupt", "JPEG: a scan's header is too short for its components")
    if not is_progressive:
        found.lowest_bits |= dict.fromkeys(segment[5:spectrum:2], _ALL)
        return segment[:spectrum] + bytes([0, _COEFFICIENTS - 1, 0]) + segment[spectrum + 3 :]
    first, last, bits = segment[spectrum], min(segment[spectrum + 1], _COEFFICIENTS - 1), segment[spectrum + 2] & 15
    for component in segment[5:spectrum:2]:
        lowest = found.lowest_bits.setdefault(component, [_ABSENT] * _COEFFICIENTS)
        lowest[first : last + 1] = [min(known, bits) for known in lowest[first : last + 1]]
    return segment


def _check_scans(found: JpegStructure) -> None:
    """Refuse an image with a missing scan.

    Raises:
        RejectedFileError: `truncated`.
    """
    for component in found.frame[6::3]:
        lowest = found.lowest_bits.get(component, [_ABSENT])
        if any(lowest):
            raise RejectedFileError("truncated", f"JPEG: the end marker comes before the last scan of component {component}")
