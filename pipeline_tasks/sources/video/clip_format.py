"""Container formats of clips, told from their first bytes, and whether the end of a file is there."""

from __future__ import annotations

import os
from typing import BinaryIO

HEAD_BYTES = 400
_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"}
_SEGMENT = bytes.fromhex("18538067")
_EBML = bytes.fromhex("1a45dfa3")
MOST_BOXES = 100_000


def demuxer_of(head: bytes) -> str | None:
    """Name of FFmpeg's demuxer for a file that begins so; None for every other file, such as a playlist.

    Only these are ever opened: none of them reads other files or addresses.
    """
    if head[4:8] in _BOXES:
        return "mov"
    if head.startswith(_EBML):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "mpegts"
    return None


def missing_bytes(file: BinaryIO, demuxer: str) -> int:
    """Bytes that a file lacks by what it says of its own length; 0 where it says nothing."""
    size = os.fstat(file.fileno()).st_size
    if demuxer == "mov":
        return max(_end_of_boxes(file, size) - size, 0)
    if demuxer == "avi":
        return max(8 + int.from_bytes(_at(file, 4, 4), "little") - size, 0)
    if demuxer == "matroska":
        return max(_end_of_segment(file) - size, 0)
    return 0


def _at(file: BinaryIO, start: int, length: int) -> bytes:
    return os.pread(file.fileno(), length, start)


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """The end of the last box of an MP4 or QuickTime file."""
    at = 0
    for _ in range(MOST_BOXES):
        if at >= size:
            return at
        head = _at(file, at, 16)
        length = int.from_bytes(head[:4], "big")
        if length == 0:
            return size
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if len(head) < 8 or length < 8:
            return at + 8 if len(head) < 8 else size
        at += length
    return size


def _end_of_segment(file: BinaryIO) -> int:
    """The end of a Matroska file's segment; 0 if its length is not known, as in a recording that was interrupted."""
    head = _at(file, 0, HEAD_BYTES)
    at = head.find(_SEGMENT)
    if at < 0 or at + 5 > len(head):
        return 0
    first = head[at + 4]
    width = 9 - first.bit_length()
    value = int.from_bytes(head[at + 4 : at + 4 + width], "big") & ((1 << (7 * width)) - 1)
    is_known = 0 < width <= 8 and value != (1 << (7 * width)) - 1
    return at + 4 + width + value if is_known else 0
