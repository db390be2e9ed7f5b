"""Run lengths, by hand and against pycocotools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline_tasks.geometry import run_lengths
from pipeline_tasks.geometry.run_lengths import (
    area,
    box_of,
    check_size,
    counts_of,
    decode,
    encode,
    encode_part,
    intersections,
    iou,
    merge,
)

Mask = np.ndarray[Any, Any]


def masks(count: int, width: int, height: int, seed: int = 0) -> list[Mask]:
    """Masks of many shapes: noise, rectangles, an empty one and a full one."""
    drawn = np.random.default_rng(seed)
    found = [np.zeros((height, width), bool), np.ones((height, width), bool)]
    while len(found) < count:
        mask = drawn.random((height, width)) < drawn.random()
        if len(found) % 2:
            x, y = drawn.integers(0, width), drawn.integers(0, height)
            mask = np.zeros((height, width), bool)
            mask[y : y + drawn.integers(1, height + 1), x : x + drawn.integers(1, width + 1)] = True
        found.append(mask)
    return found


def test_counts_of__reads_the_columns_of_a_small_mask() -> None:
    mask = np.array([[0, 1, 1], [0, 0, 1]], bool)
    assert counts_of(encode(mask)).tolist() == [2, 1, 1, 2]
    assert encode(mask) == "2111", "the fourth length is written as its difference from the second"


@pytest.mark.parametrize("part", [(0, 0, 9, 7), (0, 0, 3, 7), (2, 1, 4, 6), (2, 0, 6, 4), (5, 3, 4, 4), (3, 2, 0, 3), (3, 2, 2, 0)])
def test_encode_part__equals_the_run_lengths_of_the_whole_mask(part: tuple[int, int, int, int]) -> None:
    left, top, wide, high = part
    for seed in range(20):
        mask = np.random.default_rng(seed).random((high, wide)) < 0.1 * (seed + 1) if seed else np.ones((high, wide), bool)
        whole = np.zeros((7, 9), bool)
        whole[top : top + high, left : left + wide] = mask

        assert encode_part(mask, left, top, (9, 7)) == encode(whole)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (64, 48), (300, 2)])
def test_decode__gives_the_mask_again(size: tuple[int, int]) -> None:
    for mask in masks(30, *size):
        assert (decode(encode(mask), size) == mask).all()
        assert area(encode(mask)) == mask.sum()


def test_encode__writes_what_pycocotools_writes_and_reads_what_it_reads() -> None:
    coco = pytest.importorskip("pycocotools.mask")
    for seed, size in enumerate([(1, 1), (40, 30), (2000, 3), (640, 480)]):
        found = masks(20, *size, seed=seed)
        written = [coco.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in found]
        assert [encode(mask) for mask in found] == [one["counts"].decode() for one in written]
        assert [box_of(encode(mask), size) for mask in found] == [tuple(box) for box in coco.toBbox(written).astype(int).tolist()]


def test_iou_and_merge__are_those_of_pycocotools() -> None:
    coco = pytest.importorskip("pycocotools.mask")
    rles = [encode(mask) for mask in masks(24, 37, 29)]
    theirs = [{"size": [29, 37], "counts": rle.encode()} for rle in rles]
    assert np.abs(iou(rles[:15], rles[9:]) - coco.iou(theirs[:15], theirs[9:], [0] * 15)).max() == 0
    for count in range(1, 8):
        assert merge(rles[2 : 2 + count]) == coco.merge(theirs[2 : 2 + count])["counts"].decode()
        assert merge(rles[2 : 2 + count], count) == coco.merge(theirs[2 : 2 + count], intersect=True)["counts"].decode()


def test_intersections__count_the_pixels_in_both() -> None:
    found = masks(20, 31, 17, seed=4)
    rles = [encode(mask) for mask in found]
    wanted = [[(one & other).sum() for other in found] for one in found]
    assert intersections(rles, rles).tolist() == wanted
    assert intersections(rles, []).shape == (20, 0)
    assert intersections([], rles).shape == (0, 20)
    assert intersections(rles[:2], rles[:1]).tolist() == [[0], [0]], "the first mask is empty"


def test_merge__keeps_the_pixels_that_enough_masks_have() -> None:
    found = masks(9, 21, 16, seed=5)
    votes = np.sum(found, axis=0)
    for least in range(1, 10):
        assert (decode(merge([encode(mask) for mask in found], least), (21, 16)) == (votes >= least)).all()


def test_box_of__is_the_smallest_box() -> None:
    mask = np.zeros((6, 8), bool)
    mask[2:5, 3:7] = True
    assert box_of(encode(mask), (8, 6)) == (3, 2, 4, 3)
    mask[5, 7] = True
    assert box_of(encode(mask), (8, 6)) == (3, 2, 5, 4)
    assert box_of(encode(np.zeros((6, 8), bool)), (8, 6)) == (0, 0, 0, 0)


@pytest.mark.parametrize("text", ["ä", "\x00", "P", "11 1", "~"])
def test_counts_of__refuses_text_that_is_no_run_lengths(text: str) -> None:
    with pytest.raises(ValueError, match="no compressed run lengths"):
        counts_of(text)


def test_counts_of__refuses_a_negative_length_and_one_too_large() -> None:
    with pytest.raises(ValueError, match="negative"):
        counts_of("O")
    with pytest.raises(ValueError, match="more than 60 bits"):
        counts_of("P" * 12 + "1")


def test_check_size__refuses_another_size() -> None:
    rle = encode(np.ones((4, 5), bool))
    check_size(rle, (5, 4))
    with pytest.raises(ValueError, match="20 pixels do not fit an image of 6 x 4 = 24 pixels"):
        decode(rle, (6, 4))
    with pytest.raises(ValueError, match="one image"):
        merge([rle, encode(np.ones((4, 6), bool))])
    with pytest.raises(ValueError, match="one image"):
        merge([])


def test_iou__of_hundreds_of_masks_of_a_large_image() -> None:
    rles = []
    for number in range(400):
        x, y = number % 20 * 200, number // 20 * 150
        starts = np.arange(x, x + 120) * 3000 + y
        rles.append(run_lengths.from_toggles(np.stack([starts, starts + 100], axis=1).ravel(), 4000 * 3000))
    found = iou(rles, rles)
    assert (found == np.eye(400)).all()
