"""Bounded reader of the tags of an EXIF block (TIFF 6.0, section 2; Exif 2.32, section 4.6).

It reads the wanted tags of three directories and nothing else: no chain of directories is followed, so no loop can be built.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline_tasks.images.exif.trouble import Trouble

MOST_TAGS = 1000
"""Tags of one directory that are looked at."""
MOST_VALUE_BYTES = 1024
_EXIF, _GPS = 0x8769, 0x8825
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}
_TEXT, _UNDEFINED = 2, 7


@dataclass(frozen=True)
class Tag:
    """One tag's bytes, with what they say about themselves."""

    kind: int
    count: int
    raw: bytes
    order: str
    """`<` or `>`."""

    def text(self) -> str:
        """An ASCII value without the NULs and spaces at its end.

        Raises:
            Trouble: another type, control characters, or no text.
        """
        if self.kind not in (_TEXT, _UNDEFINED):
            raise Trouble("wrong_type")
        try:
            found = self.raw.rstrip(b"\x00 ").decode("utf-8")
        except UnicodeDecodeError as error:
            raise Trouble("not_readable") from error
        if not found.isprintable():
            raise Trouble("control_characters")
        return found.strip()

    def numbers(self) -> tuple[float, ...]:
        """Values of a numeric tag.

        Raises:
            Trouble: another type, a division by zero, or no finite number.
        """
        if self.kind in (5, 10):
            parts = struct.unpack(f"{self.order}{2 * self.count}{'I' if self.kind == 5 else 'i'}", self.raw)
            if 0 in parts[1::2]:
                raise Trouble("divided_by_zero")
            return tuple(above / below for above, below in zip(parts[::2], parts[1::2], strict=True))
        if self.kind not in _NUMBERS:
            raise Trouble("wrong_type")
        found = struct.unpack(f"{self.order}{self.count}{_NUMBERS[self.kind]}", self.raw)
        if not all(map(math.isfinite, found)):
            raise Trouble("not_a_number")
        return found


Directory = Mapping[int, "Tag | Trouble"]
"""Tag number → its value, or why it cannot be read."""


@dataclass(frozen=True)
class Tags:
    """The wanted tags of a block."""

    image: Directory
    exif: Directory
    gps: Directory


@dataclass(frozen=True)
class Wanted:
    """Numbers of the tags to read."""

    image: Collection[int]
    exif: Collection[int]
    gps: Collection[int]


def read_tags(block: bytes, wanted: Wanted) -> Tags:
    """Read the wanted tags; one that cannot be read is there with its trouble.

    Raises:
        Trouble: the block has no directory that can be read.
    """
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8 or struct.unpack_from(f"{order}H", block, 2)[0] != 42:
        raise Trouble("truncated" if order and len(block) < 8 else "broken")
    image = _directory(block, order, struct.unpack_from(f"{order}I", block, 4)[0], {*wanted.image, _EXIF, _GPS})
    return Tags(
        {number: tag for number, tag in image.items() if number in wanted.image},
        _below(block, order, image.get(_EXIF), wanted.exif),
        _below(block, order, image.get(_GPS), wanted.gps),
    )


def _below(block: bytes, order: str, pointer: Tag | Trouble | None, wanted: Collection[int]) -> Directory:
    """The directory that a tag points at; without one that can be read, each wanted tag has its trouble."""
    if pointer is None:
        return {}
    try:
        if isinstance(pointer, Trouble):
            raise pointer
        return _directory(block, order, int(pointer.numbers()[0]), wanted)
    except Trouble as trouble:
        return dict.fromkeys(wanted, trouble)


def _directory(block: bytes, order: str, start: int, wanted: Collection[int]) -> Directory:
    if start < 8 or start + 2 > len(block):
        raise Trouble("truncated")
    count = struct.unpack_from(f"{order}H", block, start)[0]
    found: dict[int, Tag | Trouble] = {}
    for at in range(start + 2, start + 2 + 12 * min(count, MOST_TAGS), 12):
        if at + 12 > len(block):
            break
        number = struct.unpack_from(f"{order}H", block, at)[0]
        if number in wanted and number not in found:
            found[number] = _tag(block, order, at)
    return found


def _tag(block: bytes, order: str, at: int) -> Tag | Trouble:
    kind, count = struct.unpack_from(f"{order}HI", block, at + 2)
    size = _SIZES.get(kind, 0) * count
    if not size:
        return Trouble("wrong_type" if kind not in _SIZES else "not_set")
    if size > MOST_VALUE_BYTES:
        return Trouble("too_long")
    start = at + 8 if size <= 4 else struct.unpack_from(f"{order}I", block, at + 8)[0]
    if start + size > len(block):
        return Trouble("truncated")
    return Tag(kind, count, block[start : start + size], order)
