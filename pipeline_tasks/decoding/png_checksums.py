"""Verification of the checksums that PNG stores for each chunk of image data, which Pillow ignores."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from pipeline_tasks.errors import RejectedFileError

_CHECKED = (b"IHDR", b"PLTE", b"IDAT")
"""Chunks that make up the image; damage in others, such as comments, is ignored."""
_SIGNATURE_BYTES = 8


def check_png(content: bytes) -> None:
    """Verify the checksums of a PNG's image data; a truncated chunk is left to the decoder.

    Raises:
        RejectedFileError: `corrupt`.
    """
    for kind, start, end in _chunks(content):
        if kind in _CHECKED:
            found, wanted = zlib.crc32(memoryview(content)[start - 4 : end]), int.from_bytes(content[end : end + 4], "big")
            if found != wanted:
                raise RejectedFileError("corrupt", f"PNG: the {kind.decode()} data at byte {start} does not have its checksum")


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, first byte and end of each whole chunk's data."""
    position = _SIGNATURE_BYTES
    while position + 12 <= len(content):
        kind, start = content[position + 4 : position + 8], position + 8
        end = start + int.from_bytes(content[position : position + 4], "big")
        if end + 4 > len(content) or kind == b"IEND":
            return
        yield kind, start, end
        position = end + 4
