"""Tests of leaks that only a comparison of the images finds: hashes and embeddings do not name them."""

from __future__ import annotations

import numpy as np
from images.drawn_surfaces import Pixels, a_scene, a_surface, cut, view, with_a_part, with_noise

from pipeline_tasks.images.leaks import SplitImages, find_leaks
from pipeline_tasks.images.turns import turned
from pipeline_tasks.images.verdicts import no_views
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.neighbors.turned_hashes import turned_hashes
from pipeline_tasks.settings import DuplicateSettings


def leaks(drawn: list[tuple[str, Pixels]], vectors: np.ndarray, *, seen: bool = True) -> list[tuple[int, int, str]]:  # type: ignore[type-arg]
    views = [view(pixels) for _, pixels in drawn]
    images = SplitImages(
        splits=np.array([split for split, _ in drawn], np.str_),
        pixels=[None] * len(drawn),
        groups=[None] * len(drawn),
        hashes=np.array([measure(pixels, ["perceptual_hash"])["perceptual_hash"] for _, pixels in drawn], np.uint64),
        vectors=vectors.astype(np.float32),
        has_embedding=np.ones(len(drawn), np.bool_),
    )
    found = find_leaks(images, DuplicateSettings(), views.__getitem__ if seen else no_views)
    return [(one.image, one.other, one.method) for one in found.found]


def apart(images: int) -> np.ndarray:  # type: ignore[type-arg]
    """Embeddings at right angles."""
    return np.eye(images)


def test_find_leaks__names_turned_and_mirrored_copies_that_their_embeddings_do_not() -> None:
    surface = a_surface(1)
    copies = [("train", turned(surface.astype(np.float32), turn).astype(np.uint8)) for turn in range(1, 8)]
    drawn = [("test", surface), *copies, ("train", a_surface(2))]
    assert leaks(drawn, apart(9)) == [(number, 0, "hash") for number in range(1, 8)]
    assert leaks(drawn, apart(9), seen=False) == []


def test_find_leaks__names_images_that_overlap_too_little_for_duplicates() -> None:
    sheet = a_surface(3, side_px=640)
    alike = np.array([[1.0, 0.0], [0.9, 0.436]])
    drawn = [("test", cut(sheet, 0, 0, 320)), ("train", cut(sheet, 0, 190, 320))]
    assert leaks(drawn, alike) == [(1, 0, "embedding")]


def test_find_leaks__expects_turned_copies_to_overlap_as_duplicates_do() -> None:
    sheet = a_surface(3, side_px=640)
    alike = np.array([[1.0, 0.0], [0.9, 0.436]])
    for left_px, named in ((190, []), (60, [(1, 0, "embedding")])):
        copy = turned(cut(sheet, 0, left_px, 320).astype(np.float32), 6).astype(np.uint8)
        assert leaks([("test", cut(sheet, 0, 0, 320)), ("train", copy)], alike) == named


def test_find_leaks__does_not_name_different_parts_in_one_scene() -> None:
    scene = a_scene(4)
    kinds = [("test", "ring"), ("train", "bolt"), ("train", "square"), ("val", "bolt")]
    drawn = [(split, with_noise(with_a_part(scene, kind, (60 + 60 * n, 150)), n)) for n, (split, kind) in enumerate(kinds)]
    assert leaks(drawn, np.ones((4, 2))) == []
    assert leaks(drawn, np.ones((4, 2)), seen=False) != []


def test_turned_hashes__are_those_of_turned_images_but_for_a_few_bits() -> None:
    for seed in range(4):
        surface = a_scene(seed)
        own = np.array([measure(surface, ["perceptual_hash"])["perceptual_hash"]], np.uint64)
        exact = view(surface).turned_hashes
        bits = np.bitwise_count(turned_hashes(own)[:, 0] ^ exact)
        assert bits[0] <= 2
        assert bits.max() <= 12
        assert all(np.bitwise_count(turned_hashes(own)[one, 0] ^ own[0]) > 12 for one in range(1, 8))
