"""Tests of find_duplicates on images with thumbnails: candidates by hash or embedding are compared by alignment."""

from __future__ import annotations

import numpy as np
import pytest
from given import image_id
from given_images import AnImage
from images.drawn_surfaces import Pixels, a_scene, a_surface, sent_by_messenger, with_a_part, with_noise
from stages.curate.test_find_duplicates import NIGHTS, at, contested, give_split, groups, night, split_groups

from pipeline_tasks.images.turns import turned
from pipeline_tasks.storage.blobs.thumbnails import thumbnail_key
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.duplicate_pair import DuplicatePair

pytestmark = pytest.mark.slow

FAR = (90, 130, 170, 210, 250, 290)
"""Angles at which embeddings say nothing of likeness to 0."""


def a_turn(pixels: Pixels, turn: int) -> Pixels:
    return turned(pixels.astype(np.float32), turn).astype(np.uint8)


def test_find_duplicates__does_not_join_parts_of_one_scene_with_close_embeddings(store: Store) -> None:
    scene = a_scene(1)
    shots = [
        with_noise(with_a_part(scene, kind, (60 + 40 * number, 150)), number) for number, kind in enumerate(["ring", "bolt"] * 3)
    ]
    summary = night(store, 0, *(AnImage(name, at(0.1 * n), drawn=shots[n]) for n, name in enumerate("abcdef")))
    assert groups(store) == {name: name for name in "abcdef"}
    assert (summary.near, summary.told_apart) == (0, 5)
    assert summary.pairs_compared >= 5
    denied = store.history(DuplicatePair)
    assert not denied["is_same"].any()
    assert denied["difference"].min() > 0.5  # type: ignore[operator]


def test_find_duplicates__joins_copies_with_distant_embeddings(store: Store) -> None:
    shot = with_a_part(a_scene(2), "ring", (150, 150))
    night(store, 0, AnImage("a", at(0), drawn=shot), AnImage("b", at(50), drawn=sent_by_messenger(shot)))
    assert groups(store) == {"a": "a", "b": "a"}


def test_find_duplicates__joins_turned_and_mirrored_copies(store: Store) -> None:
    surface = a_surface(3)
    copies = [AnImage(name, at(FAR[n % 6]), drawn=a_turn(surface, n + 1)) for n, name in enumerate("bcdefgh")]
    summary = night(store, 0, AnImage("a", at(0), drawn=surface), *copies)
    assert set(groups(store).values()) == {"a"}
    assert (summary.near, summary.turned) == (7, 7)
    assert set(store.history(DuplicatePair)["turn"].cast(str)) == {
        *("turned_90", "turned_180", "turned_270", "mirrored"),
        *("turned_90_mirrored", "turned_180_mirrored", "turned_270_mirrored"),
    }


def test_find_duplicates__keeps_mirror_images_apart_in_one_split_if_the_settings_say_so(store: Store) -> None:
    hand, wish = a_scene(4), {"duplicates": {"mirrored_is_same": False}}
    turned_hand, mirrored_hand = a_turn(hand, 1), a_turn(hand, 4)
    images = AnImage("a", at(0), drawn=hand), AnImage("b", at(90), drawn=turned_hand), AnImage("c", at(180), drawn=mirrored_hand)
    night(store, 0, *images, **wish)
    assert groups(store) == {"a": "a", "b": "a", "c": "c"}
    assert split_groups(store) == {"a": "a", "b": "a", "c": "a"}


def test_find_duplicates__contests_an_image_mirrored_in_one_split_and_repeated_in_another(store: Store) -> None:
    hand, wish = a_scene(5), {"duplicates": {"mirrored_is_same": False, "split_group_keys": ["clip"]}}
    night(store, 0, AnImage("a", at(0), drawn=hand), AnImage("b", at(90), drawn=a_surface(6), metadata={"clip": "1"}), **wish)
    give_split(store, NIGHTS[0], a="test", b="train")
    night(store, 1, AnImage("c", at(180), drawn=a_turn(hand, 4), metadata={"clip": "1"}), **wish)
    assert contested(store) == {("c", "a")}


def test_find_duplicates__uses_hash_and_embedding_where_a_thumbnail_is_missing(store: Store) -> None:
    one, other = a_surface(7), a_surface(8)
    night(store, 0, AnImage("a", at(0), drawn=one))
    store.objects.delete(thumbnail_key(image_id("a")))
    summary = night(store, 1, AnImage("b", at(5), drawn=other))
    assert groups(store) == {"a": "a", "b": "a"}
    assert summary.pairs_compared == 0
    assert store.history(DuplicatePair)["turn"].null_count() == 1
