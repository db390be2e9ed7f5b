"""Tests of finding EXIF data in AVIF files: laid out in every way that the standard allows, and damaged."""

from __future__ import annotations

import io
import struct

import pytest
from an_exif_block import ascii_, block
from PIL import Image

from pipeline_tasks.images.exif.blocks import exif_block
from pipeline_tasks.images.exif.iso_items import MOST_BYTES, exif_item

TIFF = block([ascii_(0x0110, "A camera")])
ITEM = struct.pack(">I", 6) + b"Exif\0\0" + TIFF


def box(kind: bytes, held: bytes) -> bytes:
    return struct.pack(">I", 8 + len(held)) + kind + held


def listed(kind: bytes = b"Exif", version: int = 2) -> bytes:
    """`iinf` with the image as item 1 and another one of this kind as item 2."""
    number = ">I" if version > 2 else ">H"
    items = [
        box(b"infe", bytes([version, 0, 0, 0]) + struct.pack(number, at) + b"\0\0" + name + b"\0")
        for at, name in ((1, b"av01"), (2, kind))
    ]
    return box(b"iinf", b"\0\0\0\0\0\2" + b"".join(items))


def placed(extents: list[tuple[int, int]], *, is_in_box: bool = False) -> bytes:
    """`iloc` of version 1 with item 2 in these extents (offset, length)."""
    said = b"".join(struct.pack(">2I", *one) for one in extents)
    item = struct.pack(">4H", 2, int(is_in_box), 0, len(extents)) + said
    return box(b"iloc", b"\1\0\0\0" + b"\x44\0" + b"\0\1" + item)


def a_file(*boxes: bytes, behind: bytes = b"") -> bytes:
    return box(b"ftyp", b"avif\0\0\0\0avif") + box(b"meta", b"\0\0\0\0" + b"".join(boxes)) + behind


@pytest.mark.parametrize("version", [2, 3])
def test_item__in_the_box_of_data_is_found(version: int) -> None:
    content = a_file(listed(version=version), placed([(0, len(ITEM))], is_in_box=True), box(b"idat", ITEM))

    assert exif_block(content) == TIFF


def test_item__in_two_pieces_of_the_file_is_joined() -> None:
    begin = len(a_file(listed(), placed([(0, 0), (0, 0)])))
    content = a_file(
        listed(), placed([(begin + 3, 10), (begin + 20, len(ITEM) - 10)]), behind=b"..." + ITEM[:10] + bytes(7) + ITEM[10:]
    )

    assert exif_block(content) == TIFF


@pytest.mark.parametrize(
    "content",
    [
        a_file(),
        a_file(listed(b"mime"), placed([(0, 9)])),
        a_file(listed()),
        a_file(placed([(0, 9)])),
        a_file(listed(), placed([(1 << 31, 50)])),
        a_file(listed(), placed([(0, 50)], is_in_box=True)),
        a_file(listed(), placed([(0, 0)] * 50), behind=bytes(MOST_BYTES // 40)),
    ],
    ids=["no item", "another kind", "no place", "no list", "outside the file", "no box of data", "larger than the file"],
)
def test_file__without_an_item_that_can_be_read_has_no_block(content: bytes) -> None:
    assert exif_block(content) == b""


def test_file__cut_or_changed_at_any_byte_is_read_without_an_error() -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0110] = "A camera"
    Image.new("RGB", (16, 16)).save(buffer, "AVIF", exif=exif)
    content = buffer.getvalue()
    whole = exif_item(content)

    assert b"A camera" in whole
    for at in range(len(content)):
        assert len(exif_item(content[:at])) <= len(whole)
        for value in (0, 1, 127, 255):
            assert len(exif_item(content[:at] + bytes([value]) + content[at + 1 :])) <= len(content)
