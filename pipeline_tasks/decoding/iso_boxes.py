"""Boxes of ISO media files (ISO/IEC 14496-12), which AVIF and HEIC share with videos: kind of image, and sizes that are stated."""

from __future__ import annotations

import struct

_AVIF, _HEIC = frozenset({b"avif", b"avis"}), frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_CONTAINERS = frozenset({b"mif1", b"msf1", b"miaf", b"1pic"})
"""Brands that say only that images are inside; the brands behind them say of which kind."""
_HEAD_BYTES = 8
_SIZE_BYTES = 12
"""Version, width and height in a box of a size (`ispe`)."""


def kind_of_image(content: bytes) -> str | None:
    """AVIF, HEIC or HEIF by the brands of a file; None if it is no such image."""
    if content[4:8] != b"ftyp":
        return None
    length = int.from_bytes(content[:4], "big")
    major, others = content[8:12], {content[at : at + 4] for at in range(16, min(length, len(content), 256), 4)}
    brands = {major} | (others if major in _CONTAINERS else set())
    if brands & _AVIF:
        return "AVIF"
    if brands & _HEIC:
        return "HEIC"
    return "HEIF" if major in _CONTAINERS else None


def largest_size_px(content: bytes) -> tuple[int, int]:
    """The largest width and height that a size box in front of the image data states; (0, 0) without one."""
    end, largest, at = content.find(b"mdat"), (0, 0), -1
    while (at := content.find(b"ispe", at + 1, end if end >= 0 else len(content))) >= 0:
        box = content[at + 4 : at + 4 + _SIZE_BYTES]
        if len(box) == _SIZE_BYTES:
            width, height = struct.unpack(">4x2I", box)
            largest = max(largest, (width, height), key=lambda size: size[0] * size[1])
    return largest


def ends_inside_a_box(content: bytes) -> bool:
    """Return True if a file ends before its last box does."""
    at = 0
    while at + _HEAD_BYTES <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if length == 0:
            return False
        if length == 1:
            length = int.from_bytes(content[at + 8 : at + 16], "big")
        at += max(length, _HEAD_BYTES)
    return at != len(content)
