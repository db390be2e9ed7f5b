"""Pixels of a JPEG by libjpeg in strict mode: a warning rejects the file.

Pillow decodes with the same libjpeg and gives the same pixels, but keeps the warnings to itself.
"""

from __future__ import annotations

import hashlib
import re

import simplejpeg

from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.decoding.jpeg_intervals import has_whole_intervals
from pipeline_tasks.decoding.jpeg_structure import END, JpegStructure
from pipeline_tasks.errors import RejectedFileError

_COLOURS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_STRAY = re.compile(r"\d+ extraneous bytes before marker 0xd[0-7]")
_DAMAGE = ("corrupt jpeg data", "premature end", "inconsistent progression")
_PREMATURE = "premature end"
_READ_AHEAD_BYTES = 8
"""Bytes that libjpeg has read at the end of the image's data, and does not count."""
_STRAY_BYTES = 2
"""Maximum number of padding bytes before the end marker that encoders write: webcams and two images of ImageNet have them."""


def strict_pixels(image: bytes, mode: str, size_px: tuple[int, int], reduction: int = 1) -> Pixels | None:
    """Decode a JPEG of this size at 1/`reduction` of it, and refuse it where libjpeg warns of damage.

    Returns grey pixels (height x width), colours (height x width x 3), or None for what Pillow decodes: CMYK, and kinds of JPEG
    that this interface does not read. `mode`: Pillow's name for the file's colours.

    Raises:
        RejectedFileError: `truncated` or `corrupt`, with libjpeg's own words.
    """
    colours = _COLOURS.get(mode)
    if colours is None:
        return None
    reduced = {"min_width": -(-size_px[0] // reduction), "min_height": -(-size_px[1] // reduction)} if reduction > 1 else {}
    try:
        pixels = simplejpeg.decode_jpeg(image, colours, **reduced)
    except ValueError as error:
        if _is_padding(str(error), image) or _has_stray_bytes(str(error), image):
            pixels = simplejpeg.decode_jpeg(image, colours, strict=False, **reduced)
        elif any(words in str(error).lower() for words in _DAMAGE):
            reason = "truncated" if _PREMATURE in str(error).lower() else "corrupt"
            raise RejectedFileError(reason, f"JPEG: libjpeg warns: {error}") from error
        else:
            return None  # No warning: a kind of JPEG that this interface does not read.
    if colours == "CMYK":
        return None
    found: Pixels = pixels[..., 0] if colours == "GRAY" else pixels
    return found


def digest_of(structure: JpegStructure, profile: object, orientation: int) -> str:
    """Digest of all that the canonical pixels of a JPEG depend on: image data, colour profile and orientation."""
    digest = hashlib.sha256(structure.image)
    digest.update(profile if isinstance(profile, bytes) else b"")
    digest.update(bytes([orientation]))
    return digest.hexdigest()


def _has_stray_bytes(warning: str, image: bytes) -> bool:
    """Tell a webcam's stray bytes before restart markers from damage: all intervals are whole but for padding."""
    return _STRAY.search(warning) is not None and has_whole_intervals(image, _is_whole)


def _is_whole(image: bytes) -> bool:
    """Return True if libjpeg warns of no more than padding."""
    try:
        simplejpeg.decode_jpeg(image)
    except ValueError as error:
        found = _EXTRANEOUS.search(str(error))
        return found is not None and int(found[1]) <= _STRAY_BYTES
    return True


def _is_padding(warning: str, image: bytes) -> bool:
    """Tell an encoder's padding before the end marker from image data that was left over.

    Padding is one value that begins where the image's data end; a block of zeros that was taken for image data begins earlier.
    """
    found = _EXTRANEOUS.search(warning)
    if found is None:
        return False
    count, data = int(found[1]), image[: -len(END)]
    padding = len(data) - len(data.rstrip(data[-1:]))
    return count <= _STRAY_BYTES or count <= padding <= count + _READ_AHEAD_BYTES
