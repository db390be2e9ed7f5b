"""Left-over image data: a sign of damage in formats without a checksum.

WebP and GIF end their data where the last pixel ends. Damage inside shifts the reading, so that it ends too late, which a
decoder reports, or too early, which none does. Without its last bytes a whole image must not decode any more; one that still
does had bytes left over.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

from PIL import Image

from pipeline_tasks.decoding.gif_blocks import gif_data_blocks
from pipeline_tasks.errors import RejectedFileError

_DROPPED_BYTES = {"WEBP": 8, "GIF": 4}
"""More than an encoder's last flush of bits, measured on whole files of all qualities."""
_MIN_DATA_BYTES = 128
_RIFF_HEADER_BYTES = 12
_FRAME_HEADER_BYTES = 16


def check_nothing_left_over(content: bytes, file_format: str, errors: tuple[type[BaseException], ...]) -> None:
    """Refuse a WebP or GIF that decodes without its last bytes; `errors`: what Pillow raises on broken files.

    Raises:
        RejectedFileError: `corrupt`.
    """
    dropped = _DROPPED_BYTES[file_format]
    shortened = _SHORTENED[file_format](content, dropped)
    if shortened is None:
        return
    try:
        with Image.open(io.BytesIO(shortened), formats=[file_format]) as image:
            image.load()
    except errors:
        return
    raise RejectedFileError(
        "corrupt", f"{file_format}: the image ends before its data do, so that bytes inside were replaced or damaged"
    )


def _short_webp(content: bytes, dropped: int) -> bytes | None:
    """The first frame alone, as a still image without alpha, and without its last bytes."""
    position = _RIFF_HEADER_BYTES
    while position + 8 <= len(content):
        kind, length = content[position : position + 4], struct.unpack("<I", content[position + 4 : position + 8])[0]
        data = content[position + 8 : position + 8 + length]
        if kind in (b"VP8 ", b"VP8L"):
            return _as_webp(kind, data[:-dropped]) if len(data) >= _MIN_DATA_BYTES else None
        position += 8 + (_FRAME_HEADER_BYTES if kind == b"ANMF" else length + length % 2)
    return None


def _as_webp(kind: bytes, data: bytes) -> bytes:
    chunk = kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _short_gif(content: bytes, dropped: int) -> bytes | None:
    """The file up to its first frame, without the last bytes of that frame's data."""
    found = gif_data_blocks(content)
    if found is None or found.data_bytes < _MIN_DATA_BYTES:
        return None
    kept, begin = bytearray(), found.begin
    left = found.data_bytes - dropped
    while left > 0:
        length = content[begin]
        kept += bytes([min(length, left)]) + content[begin + 1 : begin + 1 + min(length, left)]
        left, begin = left - length, begin + 1 + length
    return content[: found.begin] + bytes(kept) + b"\x00;"


_SHORTENED: dict[str, Callable[[bytes, int], bytes | None]] = {"WEBP": _short_webp, "GIF": _short_gif}
