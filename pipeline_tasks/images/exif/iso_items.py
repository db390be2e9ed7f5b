"""The Exif item of an AVIF file (ISO/IEC 23008-12, annex A.2): a box lists the items, another one says where their bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MOST_ITEMS, MOST_EXTENTS = 10_000, 100
"""Items, and pieces of one, that are looked at."""
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of an Exif item."""
_HEAD_BYTES, _FULL_HEAD_BYTES = 8, 12
_LARGE = 1
"""A box's length that says that 8 bytes of length follow its kind."""
_IN_FILE, _IN_BOX = 0, 1
"""Places of an item's bytes: in the file, or in the box of data beside the list."""


class _EndedError(ValueError):
    """End of a box in front of what it should hold."""


@dataclass
class _Reader:
    """Big-endian numbers of a part of the file, one after the other."""

    content: bytes
    at: int
    end: int

    def number(self, size: int) -> int:
        """The number of so many bytes that comes next.

        Raises:
            _EndedError: fewer are left.
        """
        if self.at + size > self.end:
            raise _EndedError
        self.at += size
        return int.from_bytes(self.content[self.at - size : self.at], "big")


def exif_item(content: bytes) -> bytes:
    """The EXIF block of the first Exif item, from its TIFF header on; empty if there is none, or its place cannot be read."""
    try:
        meta = next(((start, end) for kind, start, end in _boxes(content, 0, len(content)) if kind == b"meta"), None)
        if meta is None:
            return b""
        inside = {kind: (start, end) for kind, start, end in _boxes(content, meta[0] + 4, meta[1])}
        number = _number_of_exif(content, *inside.get(b"iinf", (0, 0)))
        held = inside.get(b"idat", (0, 0))
        item = _joined(content, _extents(_Reader(content, *inside.get(b"iloc", (0, 0))), number, held))
    except _EndedError:
        return b""
    # The item begins with the number of bytes in front of its TIFF header.
    return item[4 + int.from_bytes(item[:4], "big") :]


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each box, and start and end of what it holds."""
    for _ in range(MOST_ITEMS):
        if at + _HEAD_BYTES > end:
            return
        head, length = _HEAD_BYTES, int.from_bytes(content[at : at + 4], "big")
        if length == _LARGE:
            head, length = 2 * _HEAD_BYTES, int.from_bytes(content[at + 8 : at + 16], "big")
        behind = end if length == 0 else at + length
        if (length != 0 and length < head) or behind > end:
            return
        yield content[at + 4 : at + 8], at + head, behind
        at = behind


def _number_of_exif(content: bytes, start: int, end: int) -> int:
    """Number of the first item of the kind Exif."""
    list_of_items = _Reader(content, start, end)
    wide = list_of_items.number(4) >> 24 != 0
    list_of_items.number(4 if wide else 2)
    for kind, place, behind in _boxes(content, list_of_items.at, end):
        if kind == b"infe":
            item = _Reader(content, place, behind)
            version = item.number(4) >> 24
            number = item.number(4 if version > 2 else 2)
            item.number(2)
            if version >= 2 and item.number(4) == int.from_bytes(b"Exif", "big"):
                return number
    raise _EndedError


def _extents(places: _Reader, wanted: int, held: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Start and end of each piece of one item."""
    version, sizes = places.number(4) >> 24, places.number(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    index_bytes = index_bytes if version else 0
    for _ in range(min(places.number(4 if version > 1 else 2), MOST_ITEMS)):
        number = places.number(4 if version > 1 else 2)
        where = places.number(2) & 15 if version else _IN_FILE
        places.number(2)
        base, extents = places.number(base_bytes), places.number(2)
        if number != wanted:
            places.at += extents * (index_bytes + offset_bytes + length_bytes)
            continue
        start, end = held if where == _IN_BOX else (0, len(places.content))
        for _ in range(min(extents, MOST_EXTENTS) if where in (_IN_FILE, _IN_BOX) else 0):
            places.number(index_bytes)
            begin, length = start + base + places.number(offset_bytes), places.number(length_bytes)
            yield begin, min(begin + length, end) if length else end
        return


def _joined(content: bytes, extents: Iterator[tuple[int, int]]) -> bytes:
    pieces = list(extents)
    if sum(max(end - start, 0) for start, end in pieces) > MOST_BYTES:
        raise _EndedError
    return b"".join(content[start:end] for start, end in pieces)
