"""Samples of more than 8 bits, which Pillow reads completely only in grey images; of colours it reads the upper byte.

A second reading with the byte order turned around gives the lower byte, with no other decoder than Pillow's own.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Samples = NDArray[np.uint16]
"""Height x width for grey, height x width x 3 or 4 for colours; the fourth is alpha."""

_GREY = ("I;16", "I;16B", "I;16L", "I;16N")
_LOWER = {
    "RGB;16B": "RGB;16L",
    "RGB;16L": "RGB;16B",
    "RGB;16N": "RGB;16B",
    "RGBX;16L": "RGBX;16B",
    "RGBX;16B": "RGBX;16L",
    "RGBX;16N": "RGBX;16B",
    "RGBA;16B": "RGBA;16L",
    "RGBA;16L": "RGBA;16B",
    "RGBA;16N": "RGBA;16B",
    "LA;16B": "RGBA",
}
"""Raw mode that reads the upper byte of each sample (N: on a little-endian machine) → the one that reads the lower byte.
`RGBA` reads a pixel of LA;16B byte by byte."""


def raw_mode(image: Image.Image) -> str:
    """Pillow's name for the layout of samples in the file; empty if there is none."""
    tiles = getattr(image, "tile", [])  # Only an image that was opened from a file has tiles.
    args = tiles[0].args if tiles else ""
    first = args[0] if isinstance(args, tuple) and args else args
    return first if isinstance(first, str) else ""


def is_deep_grey(image: Image.Image) -> bool:
    """The mode keeps 16 bits."""
    return image.mode in _GREY


def has_deep_colours(raw: str) -> bool:
    """Samples of colours of which Pillow reads the upper byte."""
    return raw in _LOWER


def lower_bytes(content: bytes, file_format: str, raw: str) -> Image.Image:
    """Read the lower byte of each sample of an image whose upper bytes were read by `raw`."""
    return read_again(content, file_format, raw, _LOWER[raw])


def joined_samples(upper: Image.Image, lower: Image.Image, raw: str) -> Samples:
    """The 16-bit samples of two readings."""
    if raw == "LA;16B":
        # Here the second reading has all bytes: grey and alpha, the upper byte of each first.
        both = np.asarray(lower).astype(np.uint16)
        grey, alpha = both[..., 0] << 8 | both[..., 1], both[..., 2] << 8 | both[..., 3]
        return np.stack([grey, grey, grey, alpha], axis=-1)
    # In place: 50 megapixels of these take 300 MB.
    joined: Samples = np.asarray(upper).astype(np.uint16)
    joined <<= 8
    joined |= np.asarray(lower)
    return joined


def read_again(content: bytes, file_format: str, raw: str, instead: str) -> Image.Image:
    """Load an image with another raw mode, where its own is `raw`."""
    with Image.open(io.BytesIO(content), formats=[file_format]) as image:
        image.tile = [tile._replace(args=_replaced(tile.args, raw, instead)) for tile in image.tile]
        image.load()
        return image.copy()


def _replaced(args: object, raw: str, instead: str) -> tuple[object, ...] | str:
    if isinstance(args, tuple):
        return tuple(instead if arg == raw else arg for arg in args)
    return instead if args == raw else str(args)
