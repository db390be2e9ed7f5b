"""Scene of one part on the belt, and photographs of it; a second photograph is the camera's next frame.

A scene is drawn somewhat larger than an image; a photograph is a window of it with the effects of lens and sensor.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from demo.drawing import belt
from demo.drawing.fields import Field, Pixels
from demo.drawing.light import SURFACES, Light, shade, shadow
from demo.drawing.shapes import SHAPES

SIDE_PX = 320
MARGIN_PX = 32
CANVAS_PX = SIDE_PX + 2 * MARGIN_PX
FINER = 2
"""Oversampling of the part relative to the canvas, so that edges are smooth."""
SHADOW_PX = 24
"""Distance beyond the part that its shadow may reach."""

Place = tuple[slice, slice]
"""A window of the canvas: rows, columns."""


@dataclass(frozen=True)
class Surroundings:
    """Conditions shared by all images of one camera on one night."""

    belt: str
    light_azimuth: float
    warmth: float
    """0 is neutral light, positive is redder, negative is bluer."""
    strength: float


@dataclass(frozen=True)
class Scene:
    """A part on the belt, in linear light."""

    class_name: str
    canvas: Pixels
    visible: Field
    """Share of each canvas pixel in which the part is visible."""


@dataclass(frozen=True)
class Camera:
    """Settings of one photograph."""

    shift_px: tuple[int, int] = (0, 0)
    exposure: float = 1.0
    blur_px: float = 0.6
    motion_px: int = 1
    noise: float = 0.012


def draw_scene(class_name: str, surroundings: Surroundings, rng: np.random.Generator) -> Scene:
    """Draw one part on the belt under a lamp; everything random comes from `rng`."""
    light = _light(surroundings, rng)
    tone = np.asarray(light.colour, np.float32) * np.float32(0.45 + 0.75 * light.strength)
    canvas = belt.draw_belt(CANVAS_PX, surroundings.belt, rng) * tone
    place, height, seen = _stand_part(class_name, rng)
    surface = SURFACES[list(SURFACES)[int(rng.integers(len(SURFACES)))]]
    grain = _grain(seen.shape, rng)
    dark = shadow(height, light, rng.uniform(1.5, 4.0))
    under = canvas[place] * (1 - 0.72 * dark)[..., None]
    share = seen[..., None]
    canvas[place] = under * (1 - share) + shade(height, surface, light, grain) * share
    covered = np.zeros((CANVAS_PX, CANVAS_PX), np.float32)
    belt.scatter_swarf(canvas, covered, int(rng.integers(0, 9)), rng)
    if rng.random() < 0.35:
        belt.reach_in(canvas, covered, rng)
    visible = np.zeros_like(covered)
    visible[place] = seen
    return Scene(class_name, canvas, visible * (1 - covered))


def photograph(scene: Scene, camera: Camera, rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Take an image: uint8 RGB of SIDE_PX x SIDE_PX, and the mask of the part in it."""
    left, top = MARGIN_PX + camera.shift_px[0], MARGIN_PX + camera.shift_px[1]
    window = np.s_[top : top + SIDE_PX, left : left + SIDE_PX]
    linear: Pixels = scene.canvas[window] * (np.float32(camera.exposure) * _vignette(rng))[..., None]
    linear = cv2.GaussianBlur(linear, (0, 0), max(camera.blur_px, 0.05))
    if camera.motion_px > 1:
        linear = cv2.blur(linear, (camera.motion_px, 1))
    grey_noise = np.float32(camera.noise) * rng.standard_normal((SIDE_PX, SIDE_PX, 3), dtype=np.float32)
    linear = linear + grey_noise * np.sqrt(np.maximum(linear, 0) + np.float32(0.03))
    developed = np.sqrt(np.clip(linear, 0, 1))
    return (developed * 255 + 0.5).astype(np.uint8), scene.visible[window] > 0.5


def _stand_part(class_name: str, rng: np.random.Generator) -> tuple[Place, Field, Field]:
    """Place, height and coverage (canvas pixels) of a part near the middle, at any angle and size."""
    half = rng.uniform(54, 106)
    centre = CANVAS_PX / 2 + rng.uniform(-34, 34, 2)
    left, top = (max(SHADOW_PX, int(value - 1.3 * half)) for value in centre)
    right, bottom = (min(CANVAS_PX - SHADOW_PX, int(value + 1.3 * half)) for value in centre)
    columns = (np.arange(left * FINER, right * FINER, dtype=np.float32) / FINER - np.float32(centre[0])) / np.float32(half)
    rows = (np.arange(top * FINER, bottom * FINER, dtype=np.float32) / FINER - np.float32(centre[1])) / np.float32(half)
    u, v = _turned(columns[None, :], rows[:, None], rng)
    relief = SHAPES[class_name](u, v, rng).astype(np.float32, copy=False) * np.float32(half)
    size = (right - left, bottom - top)
    height = cv2.resize(relief, size, interpolation=cv2.INTER_AREA)
    seen = cv2.resize((relief > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    place = np.s_[top - SHADOW_PX : bottom + SHADOW_PX, left - SHADOW_PX : right + SHADOW_PX]
    return place, np.pad(height, SHADOW_PX), np.pad(seen, SHADOW_PX)


def _turned(across: Field, down: Field, rng: np.random.Generator) -> tuple[Field, Field]:
    """The part's own coordinates: rotated at random and slightly tilted, so that one direction is shorter."""
    turn = rng.uniform(-np.pi, np.pi)
    cosine, sine, shorter = np.float32(np.cos(turn)), np.float32(np.sin(turn)), np.float32(1 - rng.uniform(0.0, 0.16))
    return across * cosine + down * sine, (down * cosine - across * sine) / shorter


def _light(surroundings: Surroundings, rng: np.random.Generator) -> Light:
    """The camera's lamp, slightly different for each image."""
    warmth = surroundings.warmth + rng.normal(0, 0.04)
    return Light(
        azimuth=surroundings.light_azimuth + rng.normal(0, 0.5),
        elevation=rng.uniform(0.65, 1.15),
        colour=(1 + 0.5 * warmth, 1.0, 1 - 0.6 * warmth),
        strength=surroundings.strength * rng.uniform(0.55, 1.15),
        ambient=rng.uniform(0.18, 0.38),
    )


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> Field:
    """Grain of a part's material: brushed in one direction, pitted, or nearly smooth."""
    side_px = max(shape)
    fine, coarse = (belt.noise(side_px, grain_px, rng)[: shape[0], : shape[1]] for grain_px in (2, 20))
    brushed = cv2.blur(fine, (9, 1) if rng.random() < 0.5 else (1, 9))
    return np.float32(rng.uniform(0.1, 0.5)) * brushed + np.float32(rng.uniform(0.0, 0.25)) * fine + np.float32(0.3) * coarse


def _vignette(rng: np.random.Generator) -> Field:
    """Vignette: the lens darkens the corners, and the lamp one side."""
    line = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)
    rows, columns = line[:, None], line[None, :]
    falloff, lean_x, lean_y = (np.float32(value) for value in (rng.uniform(0.10, 0.24), rng.normal(0, 0.1), rng.normal(0, 0.1)))
    return (1 - falloff * (rows**2 + columns**2)) * (1 + lean_x * columns + lean_y * rows)
