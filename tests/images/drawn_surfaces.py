"""Drawn images for the duplicate search: textures, parts on a fixed scene, and copies that were changed."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline_tasks.decoding.jpeg import decode_jpeg, encode_jpeg, thumbnail
from pipeline_tasks.images.views import View

Pixels = npt.NDArray[np.uint8]


def a_surface(seed: int, side_px: int = 320, grain_px: float = 3.0) -> Pixels:
    """A rolled surface: one texture, another place for each seed."""
    noise = np.random.default_rng(seed).standard_normal((side_px, side_px)).astype(np.float32)
    grain = cv2.GaussianBlur(noise, (0, 0), grain_px) + cv2.GaussianBlur(noise, (0, 0), 6 * grain_px, sigmaY=grain_px)
    return _as_pixels(120 + 45 * grain / grain.std())


def a_scene(seed: int, side_px: int = 320) -> Pixels:
    """View of a fixed camera when no part lies there: boxes of many colours."""
    rng = np.random.default_rng(seed)
    canvas = np.full((side_px, side_px, 3), rng.integers(60, 160, 3), np.uint8)
    for _ in range(24):
        left, top = (int(value) for value in rng.integers(0, side_px, 2))
        right, bottom = left + int(rng.integers(20, 100)), top + int(rng.integers(20, 100))
        cv2.rectangle(canvas, (left, top), (right, bottom), [int(value) for value in rng.integers(30, 220, 3)], -1)
    return canvas


def with_a_part(scene: Pixels, kind: str, place: tuple[int, int], radius_px: int = 16) -> Pixels:
    """The scene with a bright part of about a tenth of its width."""
    canvas = np.ascontiguousarray(scene.copy())
    if kind == "ring":
        cv2.circle(canvas, place, radius_px, (245, 240, 225), radius_px // 3)
    elif kind == "square":
        corner = (place[0] + radius_px, place[1] + radius_px)
        cv2.rectangle(canvas, (place[0] - radius_px, place[1] - radius_px), corner, (245, 240, 225), -1)
    else:
        cv2.line(canvas, (place[0] - radius_px, place[1]), (place[0] + radius_px, place[1]), (245, 240, 225), radius_px // 2)
    return canvas


def cut(pixels: Pixels, top: int, left: int, side_px: int) -> Pixels:
    """A square part of an image."""
    return np.ascontiguousarray(pixels[top : top + side_px, left : left + side_px])


def with_noise(pixels: Pixels, seed: int, levels: float = 4.0) -> Pixels:
    """The same as another exposure: other sensor noise."""
    return _as_pixels(pixels + levels * np.random.default_rng(seed).standard_normal(pixels.shape).astype(np.float32))


def brighter(pixels: Pixels, factor: float) -> Pixels:
    """More or less light; what is too bright is clipped."""
    return _as_pixels(pixels.astype(np.float32) * np.float32(factor))


def lit_from_one_side(pixels: Pixels) -> Pixels:
    """Less light on the left, more on the right."""
    return _as_pixels(pixels * np.linspace(0.5, 1.7, pixels.shape[1], dtype=np.float32)[:, None])


def with_a_pale_side(pixels: Pixels, seed: int) -> Pixels:
    """A weak texture of warm colours, nearly white, right of x = 140 px."""
    textures = np.dstack([a_surface(100 * seed + number, len(pixels))[..., 0] for number in (50, 51, 52)]).astype(np.float32)
    canvas = 0.8 * pixels.astype(np.float32)
    canvas[:, 140:] = (np.array([215, 190, 170]) + 0.3 * (textures - 120))[:, 140:]
    return _as_pixels(canvas)


def sent_by_messenger(pixels: Pixels) -> Pixels:
    """Half the size, JPEG quality 45."""
    half = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return _decoded(encode_jpeg(np.asarray(half, np.uint8), quality=45))


def view(pixels: Pixels) -> View:
    """View by way of the thumbnail, as the stage makes it."""
    return View(_decoded(encode_jpeg(thumbnail(pixels))))


def _decoded(jpeg: bytes) -> Pixels:
    pixels = decode_jpeg(jpeg)
    assert pixels is not None
    return pixels


def _as_pixels(values: npt.NDArray[np.floating]) -> Pixels:
    pixels = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels)
