"""File format by the first bytes of a file; file names and content types are not trusted."""

from __future__ import annotations

import re
from typing import Literal

from PIL import features

from pipeline_tasks.decoding.iso_boxes import ends_inside_a_box, kind_of_image
from pipeline_tasks.errors import RejectedFileError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")

_OURS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_OTHERS = (
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"8BPS", "PSD"),
    (b"DDS ", "DDS"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x02\x00", "CUR"),
    (b"icns", "ICNS"),
    (b"SIMPLE", "FITS"),
    (b"qoif", "QOI"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"\x01\xda", "SGI"),
    (b"/* XPM", "XPM"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"\x01\x00\x00\x00", "EMF"),
    (b"\x8aMNG", "MNG"),
    (b"\x0a\x05\x01", "PCX"),
    (b"\xb1\x68\xde\x3a", "DCX"),
    (b"BLP1", "BLP"),
    (b"BLP2", "BLP"),
    (b"#define ", "XBM"),
)
_CONVERT = (
    'convert it to JPEG or AVIF, or set the phone to take JPEGs ("most compatible"); its decoders\' licences are not permissive'
)

_START_BEHIND_OTHER_BYTES = re.compile(
    rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|II\*\x00...\x00|MM\x00\*\x00...|BM....\x00{4}..\x00\x00|\x00..[\x08-\xff]ftypavi[fs]",
    re.DOTALL,
)
_SEARCHED_BYTES = 1024
_CONTAINERS = (
    b"PK\x03\x04",
    b"FUJIFILM",
    b"FOVb",
    b"\x00MRM",
    b"ID3",
    b"fLaC",
    b"\xd0\xcf\x11\xe0",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
)
"""Files that hold images among other things: archives, documents, raw photographs, music with its cover."""


def file_format(content: bytes) -> str:
    """Return a file's format, one of `FORMATS`.

    Raises:
        RejectedFileError: `unsupported_format` for a known other format, `not_an_image` for anything else.
    """
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if kind_of_image(content) == "AVIF" and features.check("avif"):
        return "AVIF"
    for signature, name in _OURS:
        if content.startswith(signature):
            return name
    raise _refusal(content)


def is_cut_short(content: bytes, name: str) -> bool:
    """Return True if a file that could not be decoded lacks its end, judged by the rules of its format."""
    if name == "JPEG":
        return b"\xff\xd9" not in content[-4096:]
    if name == "PNG":
        return b"IEND" not in content[-4096:]
    if name == "GIF":
        return not content.rstrip(b"\x00").endswith(b";")
    if name == "WEBP":
        return int.from_bytes(content[4:8], "little") + 8 > len(content)
    if name == "BMP":
        return int.from_bytes(content[2:6], "little") > len(content)
    if name == "AVIF":
        return ends_inside_a_box(content)
    return name == "TIFF" and _lacks_directory(content)


def _lacks_directory(content: bytes) -> bool:
    """Return True if a TIFF ends before its first directory does; many writers put it at the end of the file."""
    order: Literal["little", "big"] = "little" if content.startswith(b"II") else "big"
    is_big = content[2:4] in (b"+\x00", b"\x00+")
    offset_at, offset_bytes, count_bytes, field_bytes = (8, 8, 8, 20) if is_big else (4, 4, 2, 12)
    begin = int.from_bytes(content[offset_at : offset_at + offset_bytes], order)
    fields = int.from_bytes(content[begin : begin + count_bytes], order)
    return begin + count_bytes + fields * field_bytes > len(content)


def _refusal(content: bytes) -> RejectedFileError:
    """Error for an image in an unsupported format, or for a file that is not an image."""
    wanted = ", ".join(FORMATS)
    for signature, name in _OTHERS:
        if content.startswith(signature):
            return RejectedFileError("unsupported_format", f"found {name}, wanted one of {wanted}")
    if content[4:6] in (b"\x11\xaf", b"\x12\xaf"):
        return RejectedFileError("unsupported_format", f"found FLI, wanted one of {wanted}")
    kind = "JPEG 2000" if content[4:12] == b"ftypjp2 " else kind_of_image(content)
    if kind is not None:
        fix = f": {_CONVERT}" if kind in ("HEIC", "HEIF") else ""
        return RejectedFileError("unsupported_format", f"found {kind}, wanted one of {wanted}{fix}")
    if content[:1] == b"P" and content[1:2] in b"1234567fF" and content[2:3].isspace():
        return RejectedFileError("unsupported_format", f"found PNM, wanted one of {wanted}")
    hidden = _START_BEHIND_OTHER_BYTES.search(content, 1, _SEARCHED_BYTES)
    is_archive = content.startswith(_CONTAINERS) or content[257:262] == b"ustar"
    if hidden is not None and not is_archive:
        return RejectedFileError("corrupt", f"found {hidden.start()} bytes in front of an image, such as the lines of a protocol")
    return RejectedFileError("not_an_image", f"found a file that begins with {content[:8]!r}, wanted one of {wanted}")
