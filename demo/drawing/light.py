"""Lighting of a relief: shading, gloss and cast shadow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from demo.drawing.fields import Field, Pixels


@dataclass(frozen=True)
class Light:
    """One distant lamp."""

    azimuth: float
    """Direction of the light in the image plane, in radians."""
    elevation: float
    """Angle above the belt, in radians."""
    colour: tuple[float, float, float]
    strength: float
    ambient: float

    def direction(self) -> Field:
        """Unit vector towards the lamp (x right, y down, z up)."""
        flat = np.cos(self.elevation)
        vector = (flat * np.cos(self.azimuth), flat * np.sin(self.azimuth), np.sin(self.elevation))
        return np.asarray(vector, np.float32)


@dataclass(frozen=True)
class Surface:
    """Material of a part."""

    colour: tuple[float, float, float]
    gloss: float
    """Share of the light that is reflected like a mirror."""
    sharpness: float
    """Exponent of the highlight."""


SURFACES = {
    "steel": Surface((0.56, 0.58, 0.60), 0.55, 22.0),
    "zinc": Surface((0.66, 0.67, 0.66), 0.35, 12.0),
    "brass": Surface((0.66, 0.46, 0.16), 0.45, 20.0),
    "yellow_zinc": Surface((0.56, 0.52, 0.30), 0.45, 16.0),
    "black_oxide": Surface((0.15, 0.15, 0.17), 0.40, 18.0),
    "rusty": Surface((0.42, 0.28, 0.18), 0.12, 6.0),
}
"""Any part may have any of these surfaces, so that colour says nothing about its class."""


def shade(height: Field, surface: Surface, light: Light, grain: Field) -> Pixels:
    """Colour a relief: diffuse light, a highlight and a sky that metal reflects.

    Args:
        height: in pixels, float32.
        grain: small variation of the material around 0, the same size.
    """
    normals = _normals(height + 0.35 * grain)
    towards = light.direction()
    diffuse = np.maximum(normals @ towards, 0)
    halfway = towards + np.asarray((0, 0, 1), np.float32)
    halfway /= np.linalg.norm(halfway)
    mirrored = np.exp(np.float32(surface.sharpness) * (normals @ halfway - 1))
    sky = 0.5 + 0.5 * np.sin(3.0 * normals[..., 0] + 2.0 * normals[..., 1] + light.azimuth)
    body = light.ambient + light.strength * diffuse + surface.gloss * (0.55 * sky - 0.3)
    colour = np.asarray(surface.colour, np.float32) * (1 + 0.10 * grain)[..., None]
    lit: Pixels = colour * body[..., None] + (surface.gloss * light.strength * mirrored)[..., None] * 0.55
    lit *= np.asarray(light.colour, np.float32)
    return lit


def shadow(height: Field, light: Light, softness_px: float) -> Field:
    """Shadow on the belt under a relief: 0 in full light, 1 in full shadow. Same size as `height` (pixels)."""
    reach = float(height.max()) / np.tan(light.elevation)
    dark = np.zeros_like(height)
    for share in (0.35, 0.7, 1.0):
        away = -reach * share
        shift = np.asarray([[1, 0, away * np.cos(light.azimuth)], [0, 1, away * np.sin(light.azimuth)]], np.float32)
        higher = (height > height.max() * (share - 0.35)).astype(np.float32)
        dark = np.maximum(dark, cv2.warpAffine(higher, shift, (height.shape[1], height.shape[0])))
    return cv2.GaussianBlur(dark, (0, 0), softness_px).astype(np.float32)


def _normals(height: Field) -> Field:
    """Unit normals of a height field, height x width x 3."""
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8
    normals = np.dstack([-slope_x, -slope_y, np.ones_like(height)])
    normals /= np.sqrt(1 + slope_x**2 + slope_y**2)[..., None]
    return normals
