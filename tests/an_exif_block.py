"""EXIF blocks built byte by byte, as no well-behaved program would write them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8, 11: 4, 12: 8}
EXIF, GPS = 0x8769, 0x8825


@dataclass(frozen=True)
class Entry:
    """One tag; `count` may lie."""

    number: int
    kind: int
    raw: bytes
    count: int | None = None


def ascii_(number: int, text: str | bytes) -> Entry:
    """A text that ends in NUL."""
    return Entry(number, 2, (text.encode() if isinstance(text, str) else text) + b"\0")


def ratio(number: int, *pairs: tuple[int, int], order: str = "<") -> Entry:
    """Unsigned fractions."""
    return Entry(number, 5, b"".join(struct.pack(f"{order}II", *pair) for pair in pairs))


def short(number: int, value: int, order: str = "<") -> Entry:
    """One 16-bit number."""
    return Entry(number, 3, struct.pack(f"{order}H", value))


def block(image: Sequence[Entry] = (), exif: Sequence[Entry] = (), gps: Sequence[Entry] = (), order: str = "<") -> bytes:
    """An EXIF block with three directories, each followed by its values."""
    first = 8
    after_image = first + _size([*image, *_pointers(0, 0, order)])
    after_exif = after_image + _size(exif)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, first)
    with_pointers = [*image, *_pointers(after_image, after_exif, order)]
    return head + b"".join(
        _directory(entries, start, order) for entries, start in ((with_pointers, first), (exif, after_image), (gps, after_exif))
    )


def in_jpeg(exif: bytes) -> bytes:
    """The beginning of a JPEG file with this block."""
    body = b"Exif\0\0" + exif
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body + b"\xff\xda"


def _pointers(exif: int, gps: int, order: str) -> list[Entry]:
    return [Entry(EXIF, 4, struct.pack(f"{order}I", exif)), Entry(GPS, 4, struct.pack(f"{order}I", gps))]


def _size(entries: Sequence[Entry]) -> int:
    return 2 + 12 * len(entries) + 4 + sum(len(one.raw) for one in entries if len(one.raw) > 4)


def _directory(entries: Sequence[Entry], start: int, order: str) -> bytes:
    values_at = start + 2 + 12 * len(entries) + 4
    lines, values = [], b""
    for one in entries:
        count = len(one.raw) // SIZES.get(one.kind, 1) if one.count is None else one.count
        inside = len(one.raw) <= 4
        place = one.raw.ljust(4, b"\0") if inside else struct.pack(f"{order}I", values_at + len(values))
        lines.append(struct.pack(f"{order}HHI", one.number, one.kind, count) + place)
        values += b"" if inside else one.raw
    return struct.pack(f"{order}H", len(entries)) + b"".join(lines) + b"\0\0\0\0" + values
