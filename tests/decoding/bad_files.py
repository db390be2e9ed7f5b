"""Bad and odd files, made here: each with the verdict that is right for it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from decoding.damage import ENCODINGS, a_drawn_image
from PIL import Image

IMAGE = "image"
"""Verdict of a file that is a whole image."""
CUTS = 20
CUT_ENCODINGS = ("jpeg", "png", "webp", "bmp", "tiff", "gif", "avif")
FRAMES = 10_000
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class BadFile:
    """A file and its right verdict: `image`, or a reason."""

    name: str
    content: bytes
    verdict: str


def bad_files(frames: int = FRAMES) -> Iterator[BadFile]:
    """All files, the same ones each time."""
    yield from _cut_files()
    yield from _pixel_bombs()
    yield from _hidden_bombs()
    yield from _many_frames(frames)
    yield from _other_things()
    yield from _polyglots()
    yield from _strange_sizes()
    yield from _broken_structures()


def _cut_files() -> Iterator[BadFile]:
    """Files cut at 20 places, from behind the header to before the end marker."""
    image = a_drawn_image(np.random.default_rng(7), 192)
    for encoding in CUT_ENCODINGS:
        whole = ENCODINGS[encoding].encode(image)
        first = 128
        for place in np.linspace(first, len(whole) - 16, CUTS).astype(int).tolist():
            yield BadFile(f"{encoding} cut at {place} of {len(whole)}", whole[:place], "truncated")


def _pixel_bombs() -> Iterator[BadFile]:
    """Headers that claim more pixels than are allowed."""
    for width, height in ((50_001, 1_000), (9_000, 9_000), (65_500, 65_500)):
        size = f"{width} x {height}"
        zeros = zlib.compress(bytes(1000))
        yield BadFile(f"png of {size}", png(width, height, zeros), "too_many_pixels")
        yield BadFile(f"bmp of {size}", _bmp(width, height), "too_many_pixels")
        yield BadFile(f"gif of {size}", _gif(width, height), "too_many_pixels")
        yield BadFile(f"jpeg of {size}", _jpeg(width, height), "too_many_pixels")
        yield BadFile(f"tiff of {size}", _tiff(width, height), "too_many_pixels")
        yield BadFile(f"avif of {size}", _avif(width, height), "too_many_pixels")
    yield BadFile("webp of 16383 x 16383", _webp(16_383, 16_383), "too_many_pixels")


def _hidden_bombs() -> Iterator[BadFile]:
    """Small files whose profile, text or pixels grow a thousandfold."""
    bomb = zlib.compress(bytes(100_000_000), 9)
    small = _scanlines(8, 8)
    for name, chunk in {
        "profile": (b"iCCP", b"p\x00\x00" + bomb),
        "compressed text": (b"zTXt", b"Comment\x00\x00" + bomb),
        "international text": (b"iTXt", b"Comment\x00\x01\x00\x00\x00" + bomb),
    }.items():
        yield BadFile(f"png with a bomb as {name}", png(8, 8, small, before=[chunk]), "too_many_bytes")
        fair = (chunk[0], chunk[1][: -len(bomb)] + zlib.compress(bytes(3_000_000)))
        yield BadFile(f"png with 3 MB as {name}", png(8, 8, small, before=[fair]), IMAGE)
    texts = [(b"tEXt", b"Comment\x00" + bytes([65 + number % 26]) * 100) for number in range(20_000)]
    yield BadFile("png with 20,000 texts", png(8, 8, small, before=texts), IMAGE)
    yield BadFile("png with more pixels than its size", png(8, 8, bomb), IMAGE)


def _many_frames(frames: int) -> Iterator[BadFile]:
    """Animations and pages without end: the first one is the image."""
    gif = _gif(1, 1)
    at = gif.index(b",")
    yield BadFile(f"gif of {frames} frames", gif[:at] + gif[at:-1] * frames + b";", IMAGE)
    yield BadFile(f"tiff of {frames} pages", _tiff_of_pages(frames), IMAGE)
    squares = [Image.new("RGB", (8, 8), (number % 200, 9, 9)) for number in range(1, 60)]
    for file_format in ("WEBP", "PNG", "AVIF"):
        buffer = io.BytesIO()
        squares[0].save(buffer, file_format, save_all=True, append_images=squares[1:])
        yield BadFile(f"{file_format.lower()} of {len(squares)} frames", buffer.getvalue(), IMAGE)


def _tiff_of_pages(pages: int) -> bytes:
    """Grey pages of 8 x 8 that share their pixels."""
    at, pixels = 8 + 64, bytes(range(64))
    directory = _tiff(8, 8)[8 : 8 + 2 + 9 * 12].replace(struct.pack("<I", 200), struct.pack("<I", 8))
    size = len(directory) + 4
    nexts = [at + size * number if number < pages else 0 for number in range(1, pages + 1)]
    return b"II*\x00" + struct.pack("<I", at) + pixels + b"".join(directory + struct.pack("<I", one) for one in nexts)


def _other_things() -> Iterator[BadFile]:
    """Files with the name of an image, which nobody looks at."""
    yield BadFile("nothing", b"", "empty")
    for name, content in {
        "a web page": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "a line of text": b"hello\n",
        "a script": b"#!/bin/sh\nrm -rf /\n",
        "an SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
        "an archive": b"PK\x03\x04" + bytes(200),
        "a program": b"\x7fELF" + bytes(200),
        "a video": b"\x00\x00\x00\x18ftypmp42" + bytes(200),
        "a sound": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(200),
        "zeros": bytes(5000),
        "ones": b"\xff" * 5000,
        "noise": np.random.default_rng(1).bytes(5000),
        "one byte": b"\xff",
        "two bytes": b"\xff\xd8",
        "half a signature": _PNG[:4],
    }.items():
        yield BadFile(name, content, "not_an_image")
    for name, content in {
        "HEIC": b"\x00\x00\x00\x18ftypheic" + bytes(200),
        "HEIC in a general file": b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic" + bytes(200),
        "JPEG 2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(200),
        "PDF": b"%PDF-1.7\n" + bytes(200),
        "PSD": b"8BPS\x00\x01" + bytes(200),
        "icon": b"\x00\x00\x01\x00\x01\x00" + bytes(200),
        "PNM": b"P6 8 8 255\n" + bytes(192),
    }.items():
        yield BadFile(name, content, "unsupported_format")
    for file_format in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"):
        buffer = io.BytesIO()
        a_drawn_image(np.random.default_rng(2), 64).save(buffer, file_format)
        yield BadFile(f"{file_format} named as another format", buffer.getvalue(), IMAGE)


def _polyglots() -> Iterator[BadFile]:
    """Files that are an image and something else: only what stands before an image makes it none."""
    wholes = {name: ENCODINGS[name].encode(a_drawn_image(np.random.default_rng(3), 96)) for name in CUT_ENCODINGS}
    behind = {"an archive": b"PK\x03\x04" + bytes(500), "a page": b"<html><script>1</script></html>", "zeros": bytes(9000)}
    for name, whole in wholes.items():
        for what, more in behind.items():
            yield BadFile(f"{name} before {what}", whole + more, IMAGE)
        yield BadFile(f"{name} behind a page", b"<html>" + whole, "corrupt")
    comment = b"<script>alert(1)</script>%PDF-1.4 PK\x03\x04"
    jpeg = wholes["jpeg"]
    with_comment = jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]
    yield BadFile("jpeg with a script as comment", with_comment, IMAGE)
    yield BadFile("gif that begins as a script", b"GIF89a/*" + wholes["gif"][8:], IMAGE)


def _strange_sizes() -> Iterator[BadFile]:
    """One pixel wide or high, and sizes of none."""
    for width, height in ((1, 60_000), (60_000, 1)):
        for file_format in ("PNG", "JPEG", "BMP", "TIFF", "GIF"):
            buffer = io.BytesIO()
            Image.new("L", (width, height), 90).save(buffer, file_format)
            yield BadFile(f"{file_format} of {width} x {height}", buffer.getvalue(), IMAGE)
    for width, height in ((0, 8), (8, 0)):
        yield BadFile(f"png of {width} x {height}", png(width, height, _scanlines(8, 8)), "corrupt")
        yield BadFile(f"bmp of {width} x {height}", _bmp(width, height), "corrupt")
        yield BadFile(f"jpeg of {width} x {height}", _jpeg(width, height), "corrupt")
        yield BadFile(f"avif of {width} x {height}", _avif(width, height), "corrupt")


def _broken_structures() -> Iterator[BadFile]:
    """Structures that no writer writes."""
    small = _scanlines(8, 8)
    yield BadFile("png without image data", png(8, 8, b""), "corrupt")
    yield BadFile("png with too few rows", png(8, 8, zlib.compress(bytes(60))), "truncated")
    yield BadFile("png of an unknown colour", png(8, 8, small, colour=5), "corrupt")
    yield BadFile("png of seven bits", png(8, 8, small, bits=7), "corrupt")
    yield BadFile("png with a wrong checksum", png(8, 8, small)[:40] + b"\x00" + png(8, 8, small)[41:], "corrupt")
    yield BadFile("tiff whose directory leads to itself", _tiff(8, 8, next_at=8), IMAGE)
    yield BadFile("tiff of 65,535 fields", b"II*\x00\x08\x00\x00\x00\xff\xff" + bytes(100), "truncated")
    yield BadFile("tiff whose directory was never written", b"II*\x00\x00\x00\x00\x00" + bytes(50), "truncated")
    whole = ENCODINGS["avif"].encode(a_drawn_image(np.random.default_rng(4), 96))
    yield BadFile("avif of boxes of zeros", whole[: whole.index(b"mdat") + 4].ljust(len(whole), b"\x00"), "corrupt")
    yield BadFile("avif of a name alone", b"\x00\x00\x00\x18ftypavif" + bytes(200), "corrupt")
    yield BadFile("two avif in one", whole + whole, "corrupt")
    yield BadFile("jpeg of headers alone", _jpeg(8, 8), "truncated")
    yield BadFile("jpeg of three start markers", b"\xff\xd8\xff\xd8\xff\xd8", "truncated")
    yield BadFile("webp of a size of 4 GB", b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(40), "truncated")


def png(
    width: int, height: int, data: bytes, *, bits: int = 8, colour: int = 2, before: list[tuple[bytes, bytes]] | None = None
) -> bytes:
    """A PNG of these parts, with right checksums."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *(before or []), *([(b"IDAT", data)] if data else []), (b"IEND", b"")]
    return _PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def _avif(width: int, height: int) -> bytes:
    """A small AVIF whose header states another size."""
    whole = ENCODINGS["avif"].encode(a_drawn_image(np.random.default_rng(4), 96))
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">2I", width, height) + whole[at + 8 :]


def _scanlines(width: int, height: int) -> bytes:
    return zlib.compress((b"\x00" + bytes(range(width * 3))) * height)


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 300, 0, 0, 54) + header + bytes(300)


def _gif(width: int, height: int) -> bytes:
    width, height = min(width, 65_535), min(height, 65_535)
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0)
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame + b"\x02\x02L\x01\x00;"


def _jpeg(width: int, height: int) -> bytes:
    """A JPEG's header with this size, and nothing behind it but the end marker."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    whole = bytearray(buffer.getvalue())
    at = whole.index(b"\xff\xc0") + 5
    whole[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(whole[: whole.index(b"\xff\xda")]) + b"\xff\xd9"


def _tiff(width: int, height: int, next_at: int = 0) -> bytes:
    """A grey TIFF of one strip, whose pixels are there if it is small."""
    pixels = min(width * height, 1000)
    fields = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 200), (277, 3, 1)]
    fields += [(278, 4, height), (279, 4, pixels)]
    body = struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    head = b"II*\x00\x08\x00\x00\x00" + body + struct.pack("<I", next_at)
    return head + bytes(200 - len(head)) + bytes(range(1, 251)) * (pixels // 250) + bytes(range(pixels % 250))


def _webp(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes(60)
    return b"RIFF" + struct.pack("<I", len(data) + 12) + b"WEBPVP8L" + struct.pack("<I", len(data)) + data
