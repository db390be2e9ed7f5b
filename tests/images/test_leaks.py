"""Tests of leaks: embeddings are angles, so that cosines can be checked by hand (cos 20° = .94, cos 30° = .87)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pipeline_tasks.images import leaks as leaks_module
from pipeline_tasks.images.leaks import SplitImages, find_leaks
from pipeline_tasks.settings import DuplicateSettings

SETTINGS = DuplicateSettings(max_hash_distance=6)
CROWD = 16
"""Training images at right angles to those that tests are about and to each other, or opposite: their mean is 0."""


@dataclass(frozen=True)
class A:
    split: str
    degrees: float | None
    pixels: str | None = None
    group: str | None = None
    hash: int | None = None


def found(*images: A, crowd: int = CROWD, settings: DuplicateSettings = SETTINGS) -> list[tuple[int, int, str, float]]:
    leaks = find_leaks(as_images(images, crowd), settings)
    return [(leak.image, leak.other, leak.method, round(leak.value, 3)) for leak in leaks.found]


def as_images(images: Sequence[A], crowd: int = 0) -> SplitImages:
    """The images, then the crowd; each has a hash of its own if it says none."""
    everyone = [*images, *(A("train", 0) for _ in range(crowd))]
    own = np.random.default_rng(1).integers(0, 2**63, len(everyone), dtype=np.uint64)
    vectors = np.zeros((len(everyone), 2 + (crowd + 1) // 2), np.float32)
    for number, one in enumerate(images):
        vectors[number, :2] = 3 * math.cos(math.radians(one.degrees or 0)), 3 * math.sin(math.radians(one.degrees or 0))
    for number in range(crowd):
        vectors[len(images) + number, 2 + number // 2] = 3 * (-1) ** number
    return SplitImages(
        splits=np.array([one.split for one in everyone], np.str_),
        pixels=[one.pixels for one in everyone],
        groups=[one.group for one in everyone],
        hashes=np.array([own[n] if one.hash is None else one.hash for n, one in enumerate(everyone)], np.uint64),
        vectors=vectors,
        has_embedding=np.array([one.degrees is not None for one in everyone], np.bool_),
    )


def test_find_leaks__finds_close_embeddings_in_two_splits() -> None:
    assert found(A("train", 0), A("test", 15)) == [(0, 1, "embedding", 0.966)]
    assert found(A("val", 0), A("test", 15)) == [(0, 1, "embedding", 0.966)]
    assert found(A("train", 0), A("val", 15)) == [(0, 1, "embedding", 0.966)]


def test_find_leaks__ignores_distant_embeddings_and_pairs_in_one_split() -> None:
    assert found(A("train", 0), A("test", 30)) == []
    assert found(A("test", 0), A("test", 0), A("val", 180), A("val", 180)) == []


def test_find_leaks__names_the_nearest_test_image() -> None:
    assert found(A("test", 12), A("train", 0), A("test", -8)) == [(1, 2, "embedding", 0.99)]


def test_find_leaks__by_pixels_and_groups_need_no_embedding() -> None:
    assert found(A("train", None, pixels="p"), A("test", None, pixels="p")) == [(0, 1, "pixels", 0)]
    assert found(A("train", None, group="g"), A("test", None, group="g")) == [(0, 1, "group", 0)]
    assert found(A("train", None), A("test", None)) == []
    assert found(A("train", None, pixels="p", group="g"), A("test", None, group="g"), A("test", None, pixels="p")) == [
        (0, 2, "pixels", 0)
    ]


def test_find_leaks__by_hash_only_where_the_embeddings_agree() -> None:
    assert found(A("train", 0, hash=0b111), A("test", 35, hash=0b1)) == [(0, 1, "hash", 2)]
    assert found(A("train", 0, hash=0b111), A("test", 90, hash=0b1)) == []
    assert found(A("train", 0, hash=0b1111111), A("test", 35, hash=0)) == []


def test_find_leaks__of_a_chain_finds_the_ends_that_groups_cannot_join() -> None:
    """b is in a's group; c resembles b but not the anchor a, so it founded its own group and may have got another split."""
    a, b, c = A("test", 0, group="a"), A("test", 20, group="a"), A("train", 40, group="c")

    assert found(a, b, c) == [(2, 1, "embedding", 0.94)]


def test_find_leaks__into_val_counts_only_validation_images_that_stay() -> None:
    test, val, train = A("test", 0), A("val", 20), A("train", 40)

    assert found(test, val, train) == [(1, 0, "embedding", 0.94)]


def test_find_leaks__of_few_images_names_only_certain_pairs() -> None:
    assert found(A("train", 0), A("test", 15), crowd=1) == []
    assert found(A("train", 0), A("test", 5), crowd=1) == [(0, 1, "embedding", 0.996)]
    assert found(A("train", 0, hash=1), A("test", 20, hash=1), crowd=1) == []


def test_find_leaks__of_no_images_finds_none() -> None:
    leaks = find_leaks(as_images([]), SETTINGS)

    assert (leaks.found, leaks.pairs_compared) == ([], 0)


def test_find_leaks__counts_the_pairs_that_it_compared() -> None:
    splits = ["train"] * 5 + ["val"] * 3 + ["test"] * 2

    leaks = find_leaks(as_images([A(split, number * 36) for number, split in enumerate(splits)]), SETTINGS)

    assert leaks.pairs_compared == 8 * 2 + 5 * 3


def test_find_leaks__finds_the_same_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(7)
    images = as_images([A(("train", "val", "test")[number % 3], float(drawn.uniform(0, 360))) for number in range(200)])
    whole = find_leaks(images, SETTINGS)

    monkeypatch.setattr(leaks_module, "BLOCK", 7)

    assert len(whole.found) > 20
    in_blocks = find_leaks(images, SETTINGS)
    assert [replace(one, value=0.0) for one in in_blocks.found] == [replace(one, value=0.0) for one in whole.found]
    # Sums of another length round otherwise in the last bit.
    assert [one.value for one in in_blocks.found] == pytest.approx([one.value for one in whole.found], abs=1e-6)
    assert in_blocks.pairs_compared == whole.pairs_compared


def test_find_leaks__misses_no_close_pair_of_two_splits() -> None:
    drawn = np.random.default_rng(8)
    images = as_images([A(("train", "train", "val", "test")[number % 4], float(drawn.uniform(0, 360))) for number in range(120)])
    gone = {leak.image for leak in find_leaks(images, SETTINGS).found}

    stay = [number for number in range(120) if number not in gone]
    directions = images.vectors / 3
    for one in stay:
        for other in stay:
            if images.splits[one] < images.splits[other]:
                # A little tighter than the limits, for the mean of 120 drawn angles is not quite at 0.
                assert directions[one] @ directions[other] < 0.93
    assert all(images.splits[one] != "test" for one in gone)
