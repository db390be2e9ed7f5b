"""Pixels of a JPEG by libjpeg in strict mode: a warning rejects the file.

Pillow decodes with the same libjpeg and gives the same pixels, but keeps the warnings to itself.
"""

from __future__ import annotations

import re

import simplejpeg
from PIL import Image

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


def load_jpeg(structure: JpegStructure, header: Image.Image) -> Image.Image:
    """Decode a JPEG that Pillow has opened as `header`, and refuse it where libjpeg warns of damage.

    Raises:
        RejectedFileError: `truncated` or `corrupt`, with libjpeg's own words.
    """
    image, colours = structure.image, _COLOURS.get(header.mode)
    try:
        pixels = simplejpeg.decode_jpeg(image, colours) if colours else None
    except ValueError as error:
        if _is_padding(str(error), image) or _has_stray_bytes(str(error), image):
            pixels = simplejpeg.decode_jpeg(image, colours, strict=False)
        elif any(words in str(error).lower() for words in _DAMAGE):
            reason = "truncated" if _PREMATURE in str(error).lower() else "corrupt"
            raise RejectedFileError(reason, f"JPEG: libjpeg warns: {error}") from error
        else:
            # No warning: a kind of JPEG that this interface does not read; Pillow decides.
            pixels = None
    if pixels is None or colours == "CMYK":
        header.load()
        return header
    loaded = Image.fromarray(pixels[..., 0] if colours == "GRAY" else pixels)
    loaded.info = header.info
    return loaded


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
