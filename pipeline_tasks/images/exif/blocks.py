"""Find the EXIF block in a file's bytes: a small TIFF file inside a JPEG, PNG, WebP or AVIF, or a TIFF file itself."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from pipeline_tasks.images.exif.iso_items import exif_item

MOST_PARTS = 100_000
"""Parts of a file that are looked at; more are no file of a camera."""
_PREFIX = b"Exif\x00\x00"
_PNG, _TIFF = b"\x89PNG\r\n\x1a\n", (b"II*\x00", b"MM\x00*")
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_START_OF_PIXELS = frozenset((0xD9, 0xDA))


def exif_block(content: bytes) -> bytes | None:
    """The EXIF block; empty if the file has none, None for formats of which none is read."""
    finders: tuple[tuple[bool, Callable[[bytes], bytes]], ...] = (
        (content.startswith(b"\xff\xd8"), _in_jpeg),
        (content.startswith(_PNG), _in_png),
        (content[:4] == b"RIFF" and content[8:12] == b"WEBP", _in_webp),
        (content.startswith(_TIFF), bytes),
        (content[4:8] == b"ftyp", exif_item),
    )
    for is_of_format, find in finders:
        if is_of_format:
            return find(content)
    return None


def _in_jpeg(content: bytes) -> bytes:
    """The first APP1 segment that says it is EXIF, before the pixels begin."""
    at = 2
    for _ in range(MOST_PARTS):
        if content[at : at + 1] != b"\xff" or at + 4 > len(content):
            return b""
        marker = content[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_PIXELS:
            return b""
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == 0xE1 and content.startswith(_PREFIX, at + 4):
            return content[at + 4 + len(_PREFIX) : at + 2 + length]
        at += 2 + max(length, 2)
    return b""


def _in_png(content: bytes) -> bytes:
    return next((_without_prefix(content[start:end]) for name, start, end in _chunks(content, ">I4s") if name == b"eXIf"), b"")


def _in_webp(content: bytes) -> bytes:
    return next((_without_prefix(content[start:end]) for name, start, end in _chunks(content, "<4sI") if name == b"EXIF"), b"")


def _chunks(content: bytes, head: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk's data: of PNG (`>I4s`, with a checksum behind), or of WebP (`<4sI`, padded to 2)."""
    is_png = head.startswith(">")
    at = len(_PNG) if is_png else 12
    for _ in range(MOST_PARTS):
        if at + 8 > len(content):
            return
        first, second = struct.unpack_from(head, content, at)
        length, name = (first, second) if is_png else (second, first)
        yield name, at + 8, at + 8 + length
        at += 8 + length + (4 if is_png else length % 2)


def _without_prefix(block: bytes) -> bytes:
    return block.removeprefix(_PREFIX)
