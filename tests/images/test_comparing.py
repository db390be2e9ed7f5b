"""Tests of comparing two images by alignment: copies of every sort are the same, similar images are not."""

from __future__ import annotations

import numpy as np
import pytest
from images.drawn_surfaces import (
    a_scene,
    a_surface,
    brighter,
    cut,
    lit_from_one_side,
    sent_by_messenger,
    view,
    with_a_pale_side,
    with_a_part,
    with_noise,
)

from pipeline_tasks.images.comparing import Comparison, compare, is_same
from pipeline_tasks.images.turns import turned
from pipeline_tasks.settings import DuplicateSettings
from pipeline_tasks.tables.duplicate_pair import TURNS

LIMITS = DuplicateSettings()


def compared(base: np.ndarray, image: np.ndarray) -> Comparison:  # type: ignore[type-arg]
    return compare(view(base), view(image), LIMITS)


def same(base: np.ndarray, image: np.ndarray) -> bool:  # type: ignore[type-arg]
    return is_same(compared(base, image), LIMITS)


@pytest.mark.parametrize("drawn", [a_surface(1), a_scene(1)], ids=["surface", "scene"])
def test_compare__finds_copies_the_same(drawn: np.ndarray) -> None:  # type: ignore[type-arg]
    assert same(drawn, sent_by_messenger(drawn))
    assert same(sent_by_messenger(drawn), drawn)
    assert same(drawn, with_noise(drawn, 2))
    assert same(drawn, brighter(drawn, 0.7))
    assert same(drawn, cut(drawn, 10, 14, 288))
    assert same(drawn, cut(drawn, 30, 12, 272))


@pytest.mark.parametrize("seed", range(4))
def test_compare__counts_no_difference_where_one_image_is_burnt_out(seed: int) -> None:
    drawn = with_a_pale_side(a_surface(seed), seed)
    copy = brighter(drawn, 1.5)
    assert 0.4 < (copy == 255).mean() < 0.5
    assert same(drawn, copy)
    assert compared(drawn, copy).difference < 0.1
    assert compared(copy, drawn).difference < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_compare__finds_dark_parts_different_on_ground_that_is_burnt_out_in_one_image(seed: int) -> None:
    ground = lit_from_one_side(a_surface(seed))
    one, other = ground.copy(), ground.copy()
    one[60:100, 220:260] = other[150:190, 230:270] = 40
    assert same(one, brighter(one, 1.4))
    assert not same(one, brighter(other, 1.4))
    assert not same(brighter(one, 1.4), other)
    assert not same(one, brighter(ground, 1.4))


@pytest.mark.parametrize("turn", range(8), ids=TURNS)
def test_compare__says_how_a_copy_was_turned(turn: int) -> None:
    drawn = a_scene(3)
    copy = turned(cut(drawn, 4, 8, 304).astype(np.float32), turn).astype(np.uint8)
    found = compared(drawn, copy)
    assert is_same(found, LIMITS)
    back = turned(turned(np.arange(6, dtype=np.float32).reshape(2, 3), turn), TURNS.index(found.turn))
    assert back.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.is_mirrored == (turn >= 4)


def test_compare__finds_places_of_one_texture_different() -> None:
    assert not any(same(a_surface(one), a_surface(one + 10)) for one in range(6))


def test_compare__joins_surfaces_that_overlap_in_more_than_half_only() -> None:
    sheet = a_surface(5, side_px=640)
    assert same(cut(sheet, 0, 0, 320), cut(sheet, 0, 110, 320))
    assert not same(cut(sheet, 0, 0, 320), cut(sheet, 0, 220, 320))


@pytest.mark.parametrize("seed", range(4))
def test_compare__finds_parts_in_front_of_one_camera_different(seed: int) -> None:
    scene = a_scene(seed)
    shots = [
        with_noise(with_a_part(scene, kind, place), number)
        for number, (kind, place) in enumerate(
            [("ring", (90, 100)), ("square", (90, 100)), ("bolt", (200, 170)), ("ring", (230, 60)), ("bolt", (120, 250))]
        )
    ]
    shots.append(with_noise(scene, 9))
    views = [view(shot) for shot in shots]
    pairs = [(one, other) for one in range(6) for other in range(one)]
    assert not [pair for pair in pairs if is_same(compare(views[pair[0]], views[pair[1]], LIMITS), LIMITS)]
    assert same(shots[0], sent_by_messenger(shots[0]))


def test_compare__finds_images_that_differ_in_colour_only_different() -> None:
    scene = a_scene(8)
    red, green = scene.copy(), scene.copy()
    red[100:130, 100:130], green[100:130, 100:130] = (180, 60, 60), (60, 118, 60)
    assert not same(red, green)
    assert same(red, with_noise(red, 1))


def test_compare__finds_a_grey_copy_the_same() -> None:
    scene = a_scene(9)
    grey = np.repeat((scene @ [0.299, 0.587, 0.114]).astype(np.uint8)[..., None], 3, axis=2)
    assert same(scene, grey)


def test_compare__compares_images_without_detail_by_their_colour() -> None:
    plain = np.full((160, 160, 3), 120, np.uint8)
    assert same(plain, plain + np.uint8(1))
    assert not same(plain, plain + np.uint8(40))


def test_compare__says_that_unlike_images_have_nothing_in_common() -> None:
    found = compared(a_scene(1), a_surface(1))
    assert found.agreement < 0.5
    assert not is_same(found, LIMITS)
