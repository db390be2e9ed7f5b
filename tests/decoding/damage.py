"""Whole files of every format, and every kind of damage done to them, seeded."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Random = np.random.Generator

BLOCK_BYTES = 4096
"""A page of a file system: the least that an interrupted write loses."""


@dataclass(frozen=True)
class Encoding:
    """One way to write a file."""

    file_format: str
    options: Mapping[str, object] = field(default_factory=dict)
    end: bytes = b""
    """Bytes that a whole file ends with, if the format has such."""

    def encode(self, image: Image.Image) -> bytes:
        """The image as a whole file."""
        buffer = io.BytesIO()
        image.save(buffer, self.file_format, **self.options)  # type: ignore[arg-type]
        return buffer.getvalue()


_EOI, _IEND = b"\xff\xd9", b"\x00\x00\x00\x00IEND\xaeB`\x82"
ENCODINGS: Mapping[str, Encoding] = {
    "jpeg": Encoding("JPEG", {"quality": 90}, _EOI),
    "jpeg optimized": Encoding("JPEG", {"quality": 75, "optimize": True}, _EOI),
    "jpeg progressive": Encoding("JPEG", {"quality": 85, "progressive": True}, _EOI),
    "jpeg restarts": Encoding("JPEG", {"quality": 90, "restart_marker_rows": 1}, _EOI),
    "png": Encoding("PNG", {"compress_level": 3}, _IEND),
    "webp": Encoding("WEBP", {"quality": 80}),
    "webp lossless": Encoding("WEBP", {"lossless": True, "method": 1}),
    "gif": Encoding("GIF", {}, b"\x00;"),
    "bmp": Encoding("BMP"),
    "avif": Encoding("AVIF", {"quality": 75, "speed": 10}),
    "tiff": Encoding("TIFF"),
    "tiff deflate": Encoding("TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff lzw": Encoding("TIFF", {"compression": "tiff_lzw"}),
    "tiff jpeg": Encoding("TIFF", {"compression": "jpeg", "quality": 90}),
}


def a_drawn_image(random: Random, side_px: int = 240) -> Image.Image:
    """Shapes on a textured ground: compresses as a photograph does, and holds no long run of one value."""
    noise = random.normal(0, 9, (side_px, side_px, 3))
    slope = np.linspace(60, 160, side_px)[:, None, None] + random.uniform(-40, 40, 3)
    image = Image.fromarray(np.clip(noise + slope, 1, 254).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = random.integers(0, side_px - 40, 2)
        width, height = random.integers(15, 80, 2)
        colour = tuple(int(value) for value in random.integers(20, 235, 3))
        draw.ellipse((x, y, x + width, y + height), colour)
    return image


def half(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """An interrupted copy."""
    return whole[: _somewhere(whole, random)]


def half_then_end(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """An interrupted copy that a program has closed properly."""
    return half(whole, other, encoding, random) + encoding.end


def zeros_inside(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """A block that was never written; everything else is there."""
    length = min(BLOCK_BYTES, len(whole) // 6)
    begin = int(random.integers(len(whole) // 4, len(whole) - len(whole) // 8 - length))
    return whole[:begin] + bytes(length) + whole[begin + length :]


def half_then_zeros(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """A file given its full length before its bytes came."""
    kept = half(whole, other, encoding, random)
    return kept + bytes(len(whole) - len(kept))


def tail_of_another(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """Written over a longer file: the end is the earlier one's."""
    kept = half(whole, other, encoding, random)
    return kept + other[len(kept) :]


def half_then_another(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """An interrupted write, followed by the whole file."""
    return half(whole, other, encoding, random) + other


def joined(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """Two files in one."""
    return whole + other


def flipped_bytes(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """Sixteen bytes, somewhere behind the header, hold something else."""
    damaged = bytearray(whole)
    for place in random.integers(len(whole) // 8, len(whole) - 16, 16):
        damaged[place] ^= int(random.integers(1, 256))
    return bytes(damaged)


def in_front(whole: bytes, other: bytes, encoding: Encoding, random: Random) -> bytes:
    """The lines of a protocol stand before the file."""
    return b"\r\n--frame\r\nContent-Type: image\r\n\r\n"[: int(random.integers(1, 36))] + whole


Damage = Callable[[bytes, bytes, Encoding, Random], bytes]
DAMAGES: Mapping[str, Damage] = {
    damage.__name__: damage
    for damage in (
        half,
        half_then_end,
        zeros_inside,
        half_then_zeros,
        tail_of_another,
        half_then_another,
        joined,
        flipped_bytes,
        in_front,
    )
}


def pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    """Height x width x 3, uint8."""
    return np.asarray(image.convert("RGB"))


def _somewhere(whole: bytes, random: Random) -> int:
    return int(len(whole) * random.uniform(0.3, 0.9))
