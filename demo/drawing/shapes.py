"""Shapes of the parts: each is a height field over its own unit square, seen from above.

A shape takes coordinates `u`, `v` (float32, one value a pixel, the part fills about -1 … 1) and a random generator for its
variation (teeth, holes, proportions); it returns heights, 0 where there is no part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demo.drawing.fields import Field

Shape = Callable[[Field, Field, np.random.Generator], Field]


def washer(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A flat ring, sometimes a slit spring washer."""
    radius, angle = _polar(u, v)
    outer, inner = 0.93, rng.uniform(0.45, 0.62)
    height = _plate(np.maximum(radius - outer, inner - radius), 0.10, 0.05)
    if rng.random() < 0.25:
        slit_angle = rng.uniform(-np.pi, np.pi)
        slit = np.abs(_turn(angle - slit_angle - 0.5 * (radius - inner))) * radius < 0.035
        height[slit] = 0
    return height


def nut(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A hexagon with chamfered corners and a threaded hole."""
    radius, _ = _polar(u, v)
    inner = rng.uniform(0.42, 0.55)
    hexagon = _polygon(u, v, 6, 0.80)
    height = _plate(hexagon, 0.30, 0.05) - 0.9 * np.maximum(radius - 0.78, 0)
    thread = 0.03 * np.sin(radius * 90)
    height = np.where(radius < inner + 0.10, height - 0.10 * (1 - (radius - inner) / 0.10) + thread, height)
    if rng.random() < 0.35:  # a nut with a flange
        height = np.maximum(height, _plate(radius - 0.93, 0.08, 0.05))
    return _cut(height, inner - radius)


def bearing(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Two rings with balls between them, sometimes behind a shield."""
    radius, angle = _polar(u, v)
    inner = rng.uniform(0.30, 0.42)
    middle, ball = (inner + 0.14 + 0.78) / 2, (0.78 - inner - 0.14) / 2
    outer_ring = _plate(np.maximum(radius - 0.95, 0.78 - radius), 0.26, 0.05)
    rings = np.maximum(outer_ring, _plate(np.maximum(radius - inner - 0.14, inner - radius), 0.26, 0.05))
    floor = np.where((radius > inner) & (radius < 0.95), np.float32(0.06), np.float32(0))
    if rng.random() < 0.3:
        shield = _plate(np.maximum(radius - 0.80, inner + 0.12 - radius), 0.18, 0.04)
        return _highest(rings, shield, floor)
    count = max(6, int(np.pi * middle / ball * 0.78))
    step = 2 * np.pi / count
    nearest = _turn(angle - step * np.round(angle / step)) * middle
    square = ball**2 - (radius - middle) ** 2 - nearest**2
    balls = np.sqrt(np.maximum(square, 0)) * 1.1 + np.where(square > 0, np.float32(0.05), np.float32(0))
    return _highest(rings, balls, floor)


def gear(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A spur gear with a hub, a bore with a keyway and sometimes holes in its web."""
    return _gear(u, v, rng, broken_teeth=0)


def chipped_gear(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A gear with adjacent teeth broken off: the rare class."""
    return _gear(u, v, rng, broken_teeth=int(rng.integers(3, 7)))


def bolt(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A hexagon head bolt lying on its side."""
    half_shank, head_end = rng.uniform(0.15, 0.20), -0.62
    shank = _lying_cylinder(u, v, head_end, 0.95, half_shank)
    threaded_from = rng.uniform(-0.35, 0.15)
    shank = np.where(u > threaded_from, shank + 0.035 * np.sin((u + 0.25 * v) * rng.uniform(70, 95)) * (shank > 0), shank)
    head_half = half_shank * rng.uniform(1.75, 2.0)
    head = _plate(np.maximum(np.maximum(-0.95 - u, u - head_end), np.abs(v) - head_half), 0.36, 0.04)
    facet = np.abs(np.abs(v) - head_half * 0.5) < 0.015
    head = np.where(
        head > 0, head - np.where(np.abs(v) > head_half * 0.5, 0.8 * (np.abs(v) - head_half * 0.5), 0) - 0.02 * facet, 0
    )
    return _highest(head, shank)


def screw(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A countersunk screw lying on its side: a cone for a head and a pointed tip."""
    half_shank, tip_from = rng.uniform(0.13, 0.18), rng.uniform(0.45, 0.65)
    taper = half_shank * np.clip((0.95 - u) / (0.95 - tip_from), 0, 1)
    half = np.where(u < -0.60, half_shank + (-0.60 - u) / 0.33 * rng.uniform(0.17, 0.24), np.minimum(half_shank, taper))
    body = np.sqrt(np.maximum(half**2 - v**2, 0)) * 1.2
    body = np.where((u > -0.93) & (u < 0.95), body + 0.03, 0) * (np.abs(v) < half)
    threaded_from = rng.uniform(-0.5, -0.1)
    ridge = 0.045 * np.sin((u + 0.35 * v) * rng.uniform(38, 52)) * (u > threaded_from)
    return _highest(np.where(body > 0, body + ridge, 0))


def spring(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A coil spring lying on its side, ground flat at its ends."""
    turns, half, wire = rng.uniform(5.5, 9.5), rng.uniform(0.26, 0.38), rng.uniform(0.045, 0.065)
    pitch = 1.84 / turns
    height = np.zeros_like(u)
    for lean, lift in ((-0.25, 0.02), (0.25, 0.20)):  # the far and the near half of each turn
        centre = pitch * lean * 2 * v / half
        offset = u - centre - (0 if lift < 0.1 else pitch / 2)
        nearest = offset - pitch * np.round(offset / pitch)
        tube = np.sqrt(np.maximum(wire**2 - nearest**2, 0)) * 1.6
        bow = np.sqrt(np.maximum(1 - (v / half) ** 2, 0)) * 0.22
        on_wire = (np.abs(nearest) < wire) & (np.abs(v) < half) & (np.abs(u) < 0.93)
        height = np.where(on_wire, np.maximum(height, tube + lift + (bow if lift > 0.1 else 0.05)), height)
    return height.astype(np.float32)


def bracket(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """An L-shaped plate with screw holes and a slot."""
    width, long_end = rng.uniform(0.42, 0.56), rng.uniform(0.80, 0.92)
    upright = _box(u, v, -0.85, -0.85 + width, -long_end, 0.85)
    foot = _box(u, v, -0.85, long_end, 0.85 - width, 0.85)
    height = _plate(np.minimum(upright, foot) - 0.03, 0.09, 0.04)
    middle, hole = -0.85 + width / 2, width * rng.uniform(0.20, 0.28)
    for centre in ((middle, -long_end + 0.28), (middle, rng.uniform(-0.1, 0.1)), (long_end - 0.28, 0.85 - width / 2)):
        height = _cut(height, hole - np.hypot(u - centre[0], v - centre[1]))
    return height


SHAPES: dict[str, Shape] = {
    "bearing": bearing,
    "bolt": bolt,
    "bracket": bracket,
    "chipped_gear": chipped_gear,
    "gear": gear,
    "nut": nut,
    "screw": screw,
    "spring": spring,
    "washer": washer,
}
"""Class name → its shape, in the order of `parts.yaml`."""

RARE_CLASS = "chipped_gear"


def _gear(u: Field, v: Field, rng: np.random.Generator, broken_teeth: int) -> Field:
    """A gear; `broken_teeth` adjacent teeth are missing, down to a ragged root."""
    radius, angle = _polar(u, v)
    teeth, root = int(rng.integers(14, 23)), rng.uniform(0.76, 0.81)
    wave = np.clip(1.7 * np.sin(teeth * angle), -1, 1)
    outer = root + (0.95 - root) * (0.5 + 0.5 * wave)
    start = rng.uniform(-np.pi, np.pi)
    if broken_teeth:
        width = broken_teeth * 2 * np.pi / teeth
        in_gap = np.abs(_turn(angle - start)) < width / 2
        outer = np.where(in_gap, root - 0.03 + 0.035 * np.sin(31 * angle) * np.sin(13 * angle + start), outer)
    height = _plate(radius - outer, 0.20, 0.035)
    hub, bore = rng.uniform(0.36, 0.44), rng.uniform(0.16, 0.22)
    height = np.where((radius > hub) & (radius < root - 0.14), height - 0.07, height)
    if rng.random() < 0.5:
        holes, ring = int(rng.integers(3, 7)), (hub + root - 0.14) / 2
        nearest = _turn(angle - 2 * np.pi / holes * np.round(angle * holes / (2 * np.pi))) * ring
        height = _cut(height, 0.085 - np.hypot(radius - ring, nearest))
    keyway = np.maximum(np.abs(v) - 0.05, np.abs(u - bore) - 0.07)
    return _cut(_cut(height, bore - radius), -keyway)


def _polar(u: Field, v: Field) -> tuple[Field, Field]:
    """Radius and angle of each pixel."""
    return np.sqrt(u * u + v * v), np.arctan2(v, u)


def _turn(angle: Field) -> Field:
    """The angle wrapped to -pi … pi."""
    turned: Field = (angle + np.pi) % (2 * np.pi) - np.pi
    return turned


def _polygon(u: Field, v: Field, sides: int, inradius: float) -> Field:
    """Signed distance to a regular polygon, negative inside."""
    radius, angle = _polar(u, v)
    step = 2 * np.pi / sides
    distance: Field = radius * np.cos(angle - step * np.round(angle / step)) - inradius
    return distance


def _box(u: Field, v: Field, left: float, right: float, top: float, bottom: float) -> Field:
    """Signed distance to a rectangle, negative inside."""
    distance: Field = np.maximum(np.maximum(left - u, u - right), np.maximum(top - v, v - bottom))
    return distance


def _plate(distance: Field, thickness: float, bevel: float) -> Field:
    """A flat top of `thickness` with an edge of width `bevel`; 0 outside."""
    rise = np.clip(-distance / bevel, 0, 1)
    return np.where(distance < 0, thickness * (0.55 + 0.45 * rise), 0).astype(np.float32)


def _highest(*heights: Field) -> Field:
    """The maximum of the heights, never below the belt."""
    top = np.zeros_like(heights[0], np.float32)
    for height in heights:
        top = np.maximum(top, height)
    return top.astype(np.float32)


def _lying_cylinder(u: Field, v: Field, left: float, right: float, half: float) -> Field:
    """A rod along u."""
    arch = np.sqrt(np.maximum(half**2 - v**2, 0)) * 1.2 + 0.02
    return np.where((u > left) & (u < right) & (np.abs(v) < half), arch, 0).astype(np.float32)


def _cut(height: Field, hole: Field) -> Field:
    """Remove the inside of a hole (positive inside)."""
    return np.where(hole > 0, 0, height).astype(np.float32)
