"""Size and orientation of an image file, read without its pixels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from pipeline_tasks.geometry.turning import Size, upright_size

_PNG_SIGNATURE_BYTES = 8
_JPEG_HEAD_BYTES, _USUAL_PIXELS = 8192, 50_000_000
_APP1, _SOS, _FRAMES = 0xE1, 0xDA, (0xC0, 0xC1, 0xC2)
_MAY_SAY_A_TURN = frozenset((b"eXIf", b"tEXt", b"zTXt", b"iTXt"))


@dataclass(frozen=True)
class ImageHeader:
    """Properties of an image file."""

    stored_px: Size
    orientation: int
    """The EXIF orientation, 1 to 8."""
    has_values: bool
    """True for one value a pixel, as masks have: grey, or the number of a colour."""

    @property
    def upright_px(self) -> Size:
        """Width and height of the canonical image."""
        return upright_size(self.stored_px, self.orientation)


def read_header(path: Path) -> ImageHeader | None:
    """Read an image's header; None if the file is no image."""
    try:
        if (plain := _plain_jpeg(path)) is not None:
            return plain
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                orientation = 1 if _says_no_turn(path, image) else _orientation(image)
                return ImageHeader(image.size, orientation, image.mode in ("1", "L", "P", "I", "I;16"))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError, ValueError):
        return None


def _plain_jpeg(path: Path) -> ImageHeader | None:
    """The header of a JPEG without EXIF data, read in a tenth of Pillow's time; None for other files, of which Pillow decides."""
    with path.open("rb") as file:
        head = file.read(_JPEG_HEAD_BYTES)
    found, at = None, 2
    while head.startswith(b"\xff\xd8\xff") and at + 10 <= len(head) and head[at] == 0xFF and head[at + 1] != _APP1:
        kind, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if kind == _SOS:
            return found
        if kind in _FRAMES:
            height, width, components = int.from_bytes(head[at + 5 : at + 7]), int.from_bytes(head[at + 7 : at + 9]), head[at + 9]
            if head[at + 4] != 8 or not 0 < width * height <= _USUAL_PIXELS:
                return None
            found = ImageHeader((width, height), 1, components == 1)
        at += 2 + length
    return None


def _says_no_turn(path: Path, image: Image.Image) -> bool:
    """Return True for a PNG without a chunk of EXIF or text; Pillow would decode all of it to look for one behind the pixels."""
    if image.format != "PNG":
        return False
    with path.open("rb") as file:
        file.seek(_PNG_SIGNATURE_BYTES)
        while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
            if head[4:] in _MAY_SAY_A_TURN:
                return False
            file.seek(int.from_bytes(head[:4], "big") + 4, 1)
    return True


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 if the EXIF data is broken. Pillow turns a TIFF by itself while it loads it."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
