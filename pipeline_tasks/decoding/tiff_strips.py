"""Strips and tiles of a TIFF: whole by the checksums and warnings of their compression.

libtiff fills a strip from its data and looks no further, so that it never sees the checksum behind deflated data, and keeps
libjpeg's warnings to itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import simplejpeg
from PIL import Image

from pipeline_tasks.decoding.jpeg_structure import END
from pipeline_tasks.decoding.lost_pages import check_no_lost_page
from pipeline_tasks.errors import RejectedFileError

_OFFSETS, _LENGTHS = (273, 324), (279, 325)
_COMPRESSION, _JPEG_TABLES = 259, 347
_NONE, _DEFLATE, _JPEG = 1, (8, 32946), 7
_PIECE_BYTES = 1 << 20
_DAMAGE = ("corrupt jpeg data", "premature end")


def check_tiff(content: bytes, image: Image.Image) -> None:
    """Verify the strips or tiles of an opened TIFF's first image; one that is too short is left to the decoder.

    Raises:
        RejectedFileError: `corrupt`.
    """
    tags = getattr(image, "tag_v2", {})
    offsets, lengths = _numbers(tags, _OFFSETS), _numbers(tags, _LENGTHS)
    if len(offsets) != len(lengths):
        return
    compression = tags.get(_COMPRESSION, _NONE)
    if compression == _NONE:
        check_no_lost_page(content, "TIFF")
    for number, (offset, length) in enumerate(zip(offsets, lengths, strict=True)):
        where = f"TIFF: strip or tile {number + 1} of {len(offsets)}"
        data = content[offset : offset + length]
        if compression in _DEFLATE:
            _check_deflate(data, where)
        elif compression == _JPEG:
            _check_jpeg(data, tags.get(_JPEG_TABLES), where)


def _check_deflate(data: bytes, where: str) -> None:
    """Inflate to the checksum, a piece at a time so that memory stays small."""
    stream = zlib.decompressobj()
    try:
        while data and not stream.eof:
            stream.decompress(data, _PIECE_BYTES)
            data = stream.unconsumed_tail
    except zlib.error as error:
        raise RejectedFileError("corrupt", f"{where}: {error}") from error


def _check_jpeg(data: bytes, tables: object, where: str) -> None:
    """Decode one strip with its tables put in, in grey: only libjpeg's warnings are wanted."""
    start = tables[: -len(END)] if isinstance(tables, bytes) and tables.endswith(END) else data[:2]
    try:
        simplejpeg.decode_jpeg(start + data[2:], "GRAY")
    except ValueError as error:
        if any(words in str(error).lower() for words in _DAMAGE):
            raise RejectedFileError("corrupt", f"{where}: libjpeg warns: {error}") from error


def _numbers(tags: object, names: Sequence[int]) -> list[int]:
    """The values of the first tag that is there."""
    for name in names:
        value = tags.get(name) if hasattr(tags, "get") else None
        if value is not None:
            values = value if isinstance(value, tuple) else (value,)
            return [one for one in values if isinstance(one, int)]
    return []
