"""Tests of polygons, by hand: areas, crossings, clipping, rasterising."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from pipeline_tasks.geometry import run_lengths
from pipeline_tasks.geometry.polygons import area, clip, crosses_itself, hull, rasterise
from pipeline_tasks.geometry.run_lengths import decode

SQUARE = (1.0, 1.0, 4.0, 1.0, 4.0, 3.0, 1.0, 3.0)
BOW_TIE = (0.0, 0.0, 4.0, 4.0, 4.0, 0.0, 0.0, 4.0)
KEYHOLE = (0, 0, 9, 0, 9, 9, 0, 9, 0, 0, 3, 3, 3, 6, 6, 6, 6, 3, 3, 3)
"""A square with a square hole, cut open along one line."""


def pixels(points: Sequence[float], width: int, height: int) -> np.ndarray:
    return decode(rasterise(points, (width, height)), (width, height))


def star(corners: int, radius: float, seed: int) -> list[float]:
    """A polygon around (32, 32) whose corners lie at random distances, so that it does not cross itself."""
    drawn = np.random.default_rng(seed)
    angles = np.sort(drawn.random(corners)) * 2 * math.pi
    reach = radius * (0.3 + 0.7 * drawn.random(corners))
    return np.stack([32 + reach * np.cos(angles), 32 + reach * np.sin(angles)], axis=1).ravel().tolist()


def test_area_and_hull__of_a_rectangle_and_a_triangle() -> None:
    assert area(SQUARE) == 6
    assert hull(SQUARE) == (1, 1, 3, 2)
    assert area((0, 0, 4, 0, 0, 3)) == area((0, 3, 4, 0, 0, 0)) == 6
    assert area((1, 1, 2, 2)) == area(()) == 0


def test_rasterise__a_rectangle_on_the_edges_of_pixels_has_its_pixels() -> None:
    wanted = np.zeros((4, 6), bool)
    wanted[1:3, 1:4] = True
    assert (pixels(SQUARE, 6, 4) == wanted).all()
    assert (pixels(SQUARE[::-1], 4, 6) == wanted.T).all(), "the other way round, x and y swapped"


def test_rasterise__a_pixel_belongs_by_its_centre() -> None:
    assert pixels((0.51, 0.51, 9, 0.51, 9, 9, 0.51, 9), 3, 3).tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert pixels((0.49, 0.49, 9, 0.49, 9, 9, 0.49, 9), 3, 3).all()
    assert not pixels((0.6, 0.6, 1.4, 0.6, 1.4, 1.4, 0.6, 1.4), 3, 3).any(), "between the centres there is no pixel"


def test_rasterise__the_pixel_on_a_shared_edge_belongs_to_one_polygon() -> None:
    assert pixels((0.5, 0.5, 2.5, 0.5, 2.5, 2.5, 0.5, 2.5), 3, 3).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    drawn = np.random.default_rng(0)
    for _ in range(50):
        x, y = drawn.integers(0, 40, 2) / 2
        corners = [(0, 0), (20, 0), (20, 20), (0, 20)]
        parts = [
            pixels((*one, *other, x, y), 20, 20).astype(int) for one, other in zip(corners, corners[1:] + corners[:1], strict=True)
        ]
        assert (np.sum(parts, axis=0) == 1).all()


def test_rasterise__is_the_even_odd_rule_at_every_centre() -> None:
    path = pytest.importorskip("matplotlib.path")
    grid = np.stack(np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5), axis=-1).reshape(-1, 2)
    for seed in range(0, 40, 4):
        points = star(3 + seed, 36, seed)
        wanted = path.Path(np.reshape(points, (-1, 2))).contains_points(grid).reshape(64, 64)
        assert (pixels(points, 64, 64) == wanted).all()


def test_rasterise__leaves_out_what_lies_outside_of_the_image() -> None:
    assert pixels((-9, -9, 2, -9, 2, 2, -9, 2), 3, 3).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert pixels((-9, -9, 90, -9, 90, 90, -9, 90), 5, 4).all()
    assert not pixels((5, 5, 9, 5, 9, 9), 4, 4).any()


def test_rasterise__a_cut_to_a_hole_leaves_the_hole_empty() -> None:
    found = pixels(KEYHOLE, 9, 9)
    assert found.sum() == 81 - 9
    assert not found[3:6, 3:6].any()
    assert not crosses_itself(KEYHOLE)


def test_rasterise__has_the_area_of_the_polygon() -> None:
    for seed in range(20):
        points = star(12, 30, seed)
        found = run_lengths.area(rasterise(points, (64, 64)))
        assert abs(found - area(points)) < 30, "less than half a pixel along the outline"


def test_crosses_itself__finds_a_bow_tie_and_no_star() -> None:
    assert crosses_itself(BOW_TIE)
    assert not crosses_itself(SQUARE)
    assert not any(crosses_itself(star(3 + seed, 30, seed)) for seed in range(20))
    pentagram = [value for i in range(5) for value in (math.cos(4 * math.pi * i / 5), math.sin(4 * math.pi * i / 5))]
    assert crosses_itself(pentagram)


def test_crosses_itself__does_not_mind_a_point_clicked_twice() -> None:
    assert not crosses_itself((1, 1, 1, 1, 4, 1, 4, 3, 4, 3, 1, 3, 1, 1))


def test_crosses_itself__finds_one_crossing_in_hundreds_of_edges() -> None:
    points = star(600, 30, 1)
    assert not crosses_itself(points)
    points[400:402], points[410:412] = points[410:412], points[400:402]
    assert crosses_itself(points)


def test_clip__keeps_the_part_in_the_image() -> None:
    assert clip(SQUARE, (6, 4)) == SQUARE
    assert hull(clip((-2, -2, 2, -2, 2, 2, -2, 2), (6, 4))) == (0, 0, 2, 2)
    assert area(clip((-2, -2, 20, -2, 20, 20, -2, 20), (6, 4))) == 24
    assert clip((7, 7, 9, 7, 9, 9), (6, 4)) == ()
    for seed in range(20):
        points = star(9, 60, seed)
        assert rasterise(clip(points, (50, 40)), (50, 40)) == rasterise(points, (50, 40))
