"""Verification of the checksums that PNG stores for each chunk of image data, which Pillow ignores."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from pipeline_tasks.errors import RejectedFileError

_CHECKED = (b"IHDR", b"PLTE", b"IDAT")
"""Chunks that make up the image; damage in others, such as comments, is ignored."""
_DECIDES_THE_LOOK = (b"tRNS", b"sBIT", b"eXIf")
"""Chunks by which the image is read."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def check_png(content: bytes) -> None:
    """Verify the checksums of a PNG's image data, and that it comes to its end.

    Raises:
        RejectedFileError: `corrupt`, or `truncated` where the last chunk is missing.
    """
    check_image_data(content, (*_CHECKED, *_DECIDES_THE_LOOK))
    if png_end(content) is None:
        raise RejectedFileError("truncated", "PNG: the file ends before its last chunk, IEND")


def png_end(content: bytes) -> int | None:
    """Index behind the last chunk; None if there is none."""
    end = len(PNG_SIGNATURE)
    for _, _, data_end in _chunks(content):
        end = data_end + 4
    return end + 12 if content[end + 4 : end + 8] == b"IEND" else None


def png_chunk(content: bytes, wanted: bytes) -> bytes | None:
    """Data of the first chunk of a kind; None if there is none, or if this is no PNG."""
    if not content.startswith(b"\x89PNG"):
        return None
    return next((content[start:end] for kind, start, end in _chunks(content) if kind == wanted), None)


def png_pieces(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and bytes of each whole chunk up to the last one, IEND, with length and checksum."""
    for kind, start, end in _chunks(content):
        yield kind, content[start - 8 : end + 4]
    if (end_of_file := png_end(content)) is not None:
        yield b"IEND", content[end_of_file - 12 : end_of_file]


def check_image_data(content: bytes, checked: tuple[bytes, ...] = _CHECKED) -> None:
    """Verify the checksums of some chunks; a truncated chunk is left to the decoder.

    Raises:
        RejectedFileError: `corrupt`.
    """
    for kind, start, end in _chunks(content):
        if kind in checked:
            found, wanted = zlib.crc32(memoryview(content)[start - 4 : end]), int.from_bytes(content[end : end + 4], "big")
            if found != wanted:
                raise RejectedFileError("corrupt", f"PNG: the {kind.decode()} data at byte {start} does not have its checksum")


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, first byte and end of each whole chunk's data."""
    position = len(PNG_SIGNATURE)
    while position + 12 <= len(content):
        kind, start = content[position + 4 : position + 8], position + 8
        end = start + int.from_bytes(content[position : position + 4], "big")
        if end + 4 > len(content) or kind == b"IEND":
            return
        yield kind, start, end
        position = end + 4
