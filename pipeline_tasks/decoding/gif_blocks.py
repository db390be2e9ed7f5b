"""Blocks of a GIF: where the first frame's data lie, and where the file ends."""

from __future__ import annotations

from dataclasses import dataclass

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B


@dataclass(frozen=True)
class GifData:
    """Data of one frame."""

    begin: int
    """Index of the length of the first block."""
    end: int
    """Index behind the empty block that ends the data."""
    data_bytes: int


def gif_data_blocks(content: bytes) -> GifData | None:
    """Data of the first frame; None if the file ends before they do."""
    return _walk(content)[0]


def gif_end(content: bytes) -> int | None:
    """Index behind the trailer; None if the file ends before it."""
    return _walk(content)[1]


def _walk(content: bytes) -> tuple[GifData | None, int | None]:
    first: GifData | None = None
    try:
        position = 13 + _table_bytes(content[10])
        while content[position] != _TRAILER:
            if content[position] == _EXTENSION:
                position = _blocks(content, position + 2).end
            elif content[position] == _IMAGE:
                frame = _blocks(content, position + 11 + _table_bytes(content[position + 9]))
                first, position = first or frame, frame.end
            else:
                return first, None
        return first, position + 1
    except IndexError:
        return first, None


def _table_bytes(flags: int) -> int:
    """Length of the colour table that the flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(content: bytes, begin: int) -> GifData:
    """Walk blocks, each behind its length, to the empty one."""
    position, data_bytes = begin, 0
    while content[position]:
        data_bytes += content[position]
        position += 1 + content[position]
    return GifData(begin, position + 1, data_bytes)
