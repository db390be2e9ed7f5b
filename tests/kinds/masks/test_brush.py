"""Tests of run lengths of a brush: round trips, soft edges, damaged streams, and label-studio-converter's own reading."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline_tasks.kinds.masks import brush


def test_encode__a_small_mask_by_hand() -> None:
    """Head: 16 bytes, values of 8 bits, lengths of 3, 4, 8 and 16 bits. Then 4 bytes of 0 and 12 of 255."""
    head = f"{16:032b}" + f"{7:05b}" + "0010" + "0011" + "0111" + "1111"
    runs = "1" + "00" + f"{3:03b}" + f"{0:08b}" + "1" + "01" + f"{11:04b}" + f"{255:08b}"
    bits = (head + runs).ljust(-(-len(head + runs) // 8) * 8, "0")
    wanted = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    mask = np.array([[0, 1], [1, 1]], bool)
    assert brush.encode(mask) == wanted
    assert (brush.decode(wanted, (2, 2)) == mask).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (640, 480), (16_384, 3), (20_000, 1)])
def test_decode__reverses_encode_bit_for_bit(size: tuple[int, int]) -> None:
    drawn = np.random.default_rng(size[0])
    width, height = size
    masks = [np.zeros((height, width), bool), np.ones((height, width), bool)]
    masks += [drawn.random((height, width)) < share for share in (0.001, 0.3)]
    for mask in masks:
        rle = brush.encode(mask)
        found = brush.decode(rle, size)
        assert (found == mask).all()
        assert brush.encode(found) == rle == json.loads(json.dumps(rle))


def test_encode__is_read_by_the_converter_of_label_studio() -> None:
    converter = pytest.importorskip("label_studio_sdk.converter.brush")
    mask = np.random.default_rng(0).random((40, 60)) < 0.4
    theirs = converter.decode_rle(brush.encode(mask)).reshape(40, 60, 4)
    assert (theirs == 255 * mask[:, :, np.newaxis]).all()


def test_decode__reads_what_the_converter_writes() -> None:
    converter = pytest.importorskip("label_studio_sdk.converter.brush")
    mask = np.random.default_rng(1).random((30, 20)) < 0.6
    written = converter.encode_rle(np.repeat(255 * mask.ravel(), 4).astype(np.uint8))
    assert (brush.decode(written, (20, 30)) == mask).all()
    flat = np.random.default_rng(2).integers(0, 256, 30 * 20 * 4).astype(np.uint8)
    opacity = flat.reshape(30, 20, 4)[:, :, 3].astype(int)
    assert (brush.decode(converter.encode_rle(flat), (20, 30)) == (2 * opacity >= opacity.max())).all(), "values that never repeat"


def test_decode__a_soft_edge_belongs_from_half_of_the_opacity_on() -> None:
    converter = pytest.importorskip("label_studio_sdk.converter.brush")
    opacity = np.array([[0, 40, 75, 76, 152]], np.uint8)
    written = converter.encode_rle(np.repeat(opacity.ravel(), 4))
    assert brush.decode(written, (5, 1)).tolist() == [[False, False, False, True, True]]


def test_decode__refuses_another_size_and_a_damaged_stream() -> None:
    rle = brush.encode(np.eye(8, dtype=bool))
    with pytest.raises(ValueError, match="64 pixels do not fit an image of 72 pixels"):
        brush.decode(rle, (9, 8))
    for cut in range(len(rle)):
        with pytest.raises(ValueError, match=r"cut off or damaged|cut off: |do not fit"):
            brush.decode(rle[:cut], (8, 8))
    with pytest.raises(ValueError, match="not a list of bytes"):
        brush.decode([*rle[:-1], 256], (8, 8))
    with pytest.raises(ValueError, match="not a list of bytes"):
        brush.decode(10**12, (8, 8))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no run lengths"):
        brush.encode(np.zeros((0, 4), bool))
