"""Images of drawn grippers and keys with the exact places of their points: turned, scaled, partly hidden or cut by the border."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton

WIDE, HIGH = 480, 360
POINTS = {"gripper": ("base", "palm", "left_tip", "right_tip"), "key": ("bow", "tip")}
EDGES = {"gripper": (("base", "palm"), ("palm", "left_tip"), ("palm", "right_tip")), "key": (("bow", "tip"),)}
MIRRORED_PAIRS = {"gripper": (("left_tip", "right_tip"),), "key": ()}
Pixels = NDArray[np.uint8]
Places = dict[str, NDArray[np.float64]]


def drawn_image(seed: int) -> tuple[Pixels, list[Skeleton]]:
    """An image of WIDE x HIGH and its things, none to four; one with fewer than half of its points in the image has no label."""
    drawn = np.random.default_rng([seed, 11])
    pixels = _ground(drawn)
    placed: list[tuple[str, Places]] = []
    for _ in range(int(drawn.integers(0, 5))):
        name = ("gripper", "key")[int(drawn.integers(2))]
        length, angle = float(np.exp(drawn.uniform(np.log(50), np.log(150)))), float(drawn.uniform(0, 2 * np.pi))
        middle = drawn.uniform((0, 0), (WIDE, HIGH))
        if all(np.hypot(*(middle - _middle(one))) > 70 for _, one in placed):
            paint = _gripper if name == "gripper" else _key
            placed.append((name, paint(pixels, middle, length, angle, drawn)))
    hidden = _cover(pixels, placed, drawn)
    things = [_thing(name, places, hidden) for name, places in placed]
    return pixels, [one for one in things if 2 * len(one.points) >= len(POINTS[one.class_name])]


def _ground(drawn: np.random.Generator) -> Pixels:
    """A mottled ground with lines and dots that are no things."""
    rough = drawn.integers(40, 200, (9, 12, 3)).astype(np.uint8)
    smooth = cv2.resize(rough, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC).astype(np.int64)
    pixels = np.clip(smooth + drawn.integers(-18, 19, smooth.shape), 0, 255).astype(np.uint8)
    for _ in range(6):
        ends, colour = drawn.integers(0, (WIDE, HIGH), (2, 2)), tuple(int(one) for one in drawn.integers(0, 256, 3))
        cv2.line(pixels, ends[0].tolist(), ends[1].tolist(), colour, int(drawn.integers(1, 5)), cv2.LINE_AA)
        cv2.circle(pixels, drawn.integers(0, (WIDE, HIGH)).tolist(), int(drawn.integers(3, 14)), colour, -1, cv2.LINE_AA)
    return pixels


def _gripper(pixels: Pixels, middle: NDArray[np.float64], length: float, angle: float, drawn: np.random.Generator) -> Places:
    """An arm with a palm and two bent fingers; the left one, seen from the base, ends in a ball."""
    opening = float(drawn.uniform(0.15, 0.6))
    at = {"base": (-0.5, 0.0), "palm": (0.1, 0.0), "left_tip": (0.5, -opening), "right_tip": (0.5, opening)}
    places = _turned(at | {"left": (0.25, -opening), "right": (0.25, opening)}, middle, length, angle)
    colour, wide = _colour(drawn), max(2, round(length * 0.07))
    _line(pixels, places["base"], places["palm"], colour, 2 * wide)
    for side in ("left", "right"):
        _line(pixels, places["palm"], places[side], colour, wide)
        _line(pixels, places[side], places[f"{side}_tip"], colour, wide)
    cv2.circle(pixels, _whole(places["left_tip"]), round(1.3 * wide), colour, -1, cv2.LINE_AA)
    return {name: places[name] for name in POINTS["gripper"]}


def _key(pixels: Pixels, middle: NDArray[np.float64], length: float, angle: float, drawn: np.random.Generator) -> Places:
    """A ring with a shaft and two teeth."""
    teeth = {"tooth": (0.45, 0.16), "second": (0.3, 0.12), "root": (0.3, 0.0), "end": (0.45, 0.0)}
    places = _turned({"bow": (-0.35, 0.0), "tip": (0.5, 0.0)} | teeth, middle, length, angle)
    colour, wide = _colour(drawn), max(2, round(length * 0.06))
    cv2.circle(pixels, _whole(places["bow"]), round(length * 0.15), colour, wide, cv2.LINE_AA)
    _line(pixels, places["bow"] + (places["tip"] - places["bow"]) * 0.18, places["tip"], colour, wide)
    _line(pixels, places["end"], places["tooth"], colour, wide)
    _line(pixels, places["root"], places["second"], colour, wide)
    return {name: places[name] for name in POINTS["key"]}


def _cover(pixels: Pixels, placed: list[tuple[str, Places]], drawn: np.random.Generator) -> list[NDArray[np.float64]]:
    """Lay a plate over one point of every fourth thing; return the plates (x_min, y_min, x_max, y_max)."""
    plates = []
    for name, places in placed:
        if drawn.random() < 0.25:
            middle = places[POINTS[name][int(drawn.integers(len(POINTS[name])))]] + drawn.uniform(-6, 6, 2)
            half = drawn.uniform(10, 22, 2)
            plates.append(np.concatenate([middle - half, middle + half]))
            cv2.rectangle(pixels, _whole(middle - half), _whole(middle + half), _colour(drawn), -1)
    return plates


def _thing(name: str, places: Places, plates: list[NDArray[np.float64]]) -> Skeleton:
    """The points inside the image; one below a plate is hidden."""
    inside = {point: at for point, at in places.items() if (at >= 0).all() and (at <= (WIDE, HIGH)).all()}
    points = tuple(
        Point(point, float(at[0]), float(at[1]), not any((at >= one[:2]).all() and (at <= one[2:]).all() for one in plates))
        for point, at in inside.items()
    )
    return Skeleton(name, points)


def _turned(at: dict[str, tuple[float, float]], middle: NDArray[np.float64], length: float, angle: float) -> Places:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return {name: middle + turn @ np.array(one) * length for name, one in at.items()}


def _middle(places: Places) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.mean(list(places.values()), axis=0)
    return found


def _colour(drawn: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(one) for one in drawn.integers(0, 256, 3))
    return red, green, blue


def _line(pixels: Pixels, start: NDArray[np.float64], end: NDArray[np.float64], colour: tuple[int, int, int], wide: int) -> None:
    cv2.line(pixels, _whole(start), _whole(end), colour, wide, cv2.LINE_AA)


def _whole(place: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))
