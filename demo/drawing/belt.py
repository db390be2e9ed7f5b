"""Conveyor belt under the parts: weave, wear, stains and loose objects."""

from __future__ import annotations

import cv2
import numpy as np

from demo.drawing.fields import Field, Pixels

BELTS = {
    "black_rubber": ((0.105, 0.110, 0.115), 0.35),
    "green_pvc": ((0.10, 0.23, 0.17), 0.20),
    "blue_pvc": ((0.13, 0.20, 0.32), 0.20),
    "grey_felt": ((0.34, 0.33, 0.31), 0.45),
}
"""Name → linear colour and roughness of the belt."""


def draw_belt(side_px: int, name: str, rng: np.random.Generator) -> Pixels:
    """Draw a square of belt, linear colours, with weave, scratches and stains."""
    colour, roughness = BELTS[name]
    wave = np.sin(np.arange(side_px, dtype=np.float32) * np.float32(2 * np.pi / rng.uniform(3.2, 5.5)))
    weave = wave[:, None] * wave[None, :]
    rough = noise(side_px, 2, rng) * 0.5 + noise(side_px, 24, rng) * 0.7 + noise(side_px, 110, rng) * 0.9
    texture = 1 + roughness * (0.22 * weave + 0.38 * rough)
    _scratch(texture, rng)
    _stain(texture, rng)
    if rng.random() < 0.18:  # the seam of the belt
        at = int(rng.integers(side_px // 5, side_px * 4 // 5))
        cv2.line(texture, (at, 0), (at + int(rng.integers(-25, 25)), side_px), 1.45, 2, cv2.LINE_AA)
    pixels: Pixels = np.maximum(texture, 0.05)[..., None] * np.asarray(colour, np.float32)
    return pixels


def noise(side_px: int, grain_px: int, rng: np.random.Generator) -> Field:
    """Smooth random noise around 0 with spots about `grain_px` wide."""
    small = rng.standard_normal((side_px // grain_px + 3, side_px // grain_px + 3)).astype(np.float32)
    return cv2.resize(small, (side_px, side_px), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def scatter_swarf(canvas: Pixels, covered: Field, count: int, rng: np.random.Generator) -> None:
    """Draw bright curls of swarf, also over the part, and mark the pixels they cover."""
    side_px = canvas.shape[0]
    for _ in range(count):
        centre = tuple(int(value) for value in rng.integers(side_px // 6, side_px * 5 // 6, 2))
        axes = (int(rng.integers(5, 20)), int(rng.integers(3, 10)))
        turn, sweep = float(rng.uniform(0, 360)), float(rng.uniform(120, 320))
        shine = float(rng.uniform(0.35, 0.85))
        below = (centre[0] + 2, centre[1] + 2)
        cv2.ellipse(canvas, below, axes, turn, 0, sweep, (0.03, 0.03, 0.03), 2, cv2.LINE_AA)
        cv2.ellipse(canvas, centre, axes, turn, 0, sweep, (shine, shine, shine * 0.97), 2, cv2.LINE_AA)
        cv2.ellipse(covered, centre, axes, turn, 0, sweep, 1.0, 2)


def reach_in(canvas: Pixels, covered: Field, rng: np.random.Generator) -> None:
    """Draw a gripper's finger or a hose that comes in from the side and hides some of the part."""
    side_px = canvas.shape[0]
    angle = rng.uniform(0, 2 * np.pi)
    outwards = np.asarray((np.cos(angle), np.sin(angle)))
    middle = np.asarray((side_px, side_px)) / 2
    tip = middle + outwards * rng.uniform(0.10, 0.24) * side_px + rng.uniform(-28, 28, 2)
    far = middle + outwards * side_px
    width = int(rng.integers(16, 34))
    points = [tuple(int(value) for value in point) for point in (tip, far)]
    layer = np.zeros((side_px, side_px), np.float32)
    cv2.line(layer, points[0], points[1], 1.0, width, cv2.LINE_AA)
    dark = cv2.blur(cv2.blur(np.roll(layer, (9, 7), (0, 1)), (13, 13)), (13, 13))
    canvas *= (1 - 0.5 * dark)[..., None]
    ridge = cv2.blur(cv2.blur(layer, (width // 2, width // 2)), (width // 2, width // 2))[..., None]
    tone = np.asarray([(0.06, 0.06, 0.07), (0.45, 0.20, 0.05), (0.30, 0.31, 0.33)][int(rng.integers(3))], np.float32)
    canvas[:] = canvas * (1 - layer[..., None]) + tone * (0.35 + 0.9 * ridge) * layer[..., None]
    np.maximum(covered, layer, out=covered)


def _scratch(texture: Field, rng: np.random.Generator) -> None:
    """Draw scratches, mostly along the belt."""
    side_px = texture.shape[0]
    for _ in range(int(rng.integers(2, 12))):
        start = rng.integers(0, side_px, 2)
        end = (start[0] + rng.normal(0, 90), start[1] + rng.normal(0, 14))
        tone = float(rng.choice([0.75, 0.85, 1.25, 1.4]))
        cv2.line(texture, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), tone, 1, cv2.LINE_AA)


def _stain(texture: Field, rng: np.random.Generator) -> None:
    """Draw dark spots of oil."""
    side_px = texture.shape[0]
    oil = np.zeros_like(texture)
    for _ in range(int(rng.integers(0, 5))):
        centre = tuple(int(value) for value in rng.integers(0, side_px, 2))
        axes = (int(rng.integers(8, 55)), int(rng.integers(6, 40)))
        cv2.ellipse(oil, centre, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.2, 0.6)), -1, cv2.LINE_AA)
    texture *= 1 - np.asarray(cv2.blur(cv2.blur(oil, (7, 7)), (7, 7)))
