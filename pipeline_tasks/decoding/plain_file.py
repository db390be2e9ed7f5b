"""Original files without their metadata, where what is left shows every reader the canonical pixels.

Then neither a position nor a device nor a preview goes along, and no pixel is encoded again. Other files have an orientation, a
profile, transparency, deep samples or several frames, on which readers disagree: their canonical pixels are written as PNG.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.decoding.colours import is_srgb
from pipeline_tasks.decoding.jpeg_structure import read_structure
from pipeline_tasks.decoding.png_checksums import PNG_SIGNATURE, png_pieces
from pipeline_tasks.errors import RejectedFileError

_BITS = 8
_GREY, _RGB, _PALETTE = 0, 2, 3
_PROFILE = b"ICC_PROFILE\x00"
_PROFILE_CHUNK = b"iCCP"
_KEPT = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_DECIDES_THE_LOOK = frozenset((b"tRNS", b"sBIT", b"acTL"))
"""Chunks by which readers see other pixels than those of the image data alone."""


@dataclass(frozen=True)
class FileProperties:
    """Properties of an original, as the table `images` has them."""

    file_format: str
    size_px: tuple[int, int]
    """Of the canonical image."""
    orientation: int
    frames: int


def plain_file(content: bytes, properties: FileProperties) -> bytes | None:
    """The file with its image alone; None if readers could see other pixels in it than the canonical ones."""
    if properties.orientation != 1 or properties.frames != 1:
        return None
    if properties.file_format == "JPEG":
        return _plain_jpeg(content, properties.size_px)
    return _plain_png(content, properties.size_px) if properties.file_format == "PNG" else None


def as_png(pixels: Pixels) -> bytes:
    """Canonical pixels as a PNG without metadata; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _plain_jpeg(content: bytes, size_px: tuple[int, int]) -> bytes | None:
    try:
        structure = read_structure(content)
    except RejectedFileError:
        return None  # Taken in by the rules of an earlier release; its pixels are known all the same.
    frame = structure.frame
    if len(frame) < 6 or frame[0] != _BITS or frame[5] not in (1, 3):
        return None
    height_px, width_px = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    at = content.find(_PROFILE, 0, structure.end)
    if (width_px, height_px) != size_px or (at >= 0 and not is_srgb(content[at:])):
        return None
    return structure.image


def _plain_png(content: bytes, size_px: tuple[int, int]) -> bytes | None:
    pieces = list(png_pieces(content))
    kinds = {kind for kind, _ in pieces}
    header = pieces[0][1][8:] if pieces and pieces[0][0] == b"IHDR" else b""
    if len(header) < 13 or b"IEND" not in kinds or _DECIDES_THE_LOOK & kinds:
        return None
    said_px = int.from_bytes(header[0:4], "big"), int.from_bytes(header[4:8], "big")
    has_profile = any(kind == _PROFILE_CHUNK and not is_srgb(piece[8:]) for kind, piece in pieces)
    if said_px != size_px or header[8] > _BITS or header[9] not in (_GREY, _RGB, _PALETTE) or has_profile:
        return None
    return PNG_SIGNATURE + b"".join(piece for kind, piece in pieces if kind in _KEPT)
