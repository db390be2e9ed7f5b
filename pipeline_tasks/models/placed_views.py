"""Seeded placements of augmented views of a whole image: nearer or farther, shifted, perhaps mirrored.

The light of such a view changes as `augmentation.augmented_view` does without moving anything.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from pipeline_tasks.geometry.placement import Placement, whole_image

ZOOM = (0.7, 1.5)
"""Range of the scale against the whole image's."""
MIRRORED_RATIO = 0.5
VERSION = 1
"""Bump when `placed_view` changes otherwise."""


def placed_view(width_px: int, height_px: int, side_px: int, seed: int, *, may_mirror: bool = True) -> Placement:
    """Draw the placement of one view of an image of this size; the same seed draws the same, mirrored or not."""
    drawn = np.random.default_rng(seed)
    low, high = np.log(ZOOM)
    scale = whole_image(width_px, height_px, side_px).scale * float(np.exp(drawn.uniform(low, high)))
    left, top = (_start(length, side_px / scale, drawn) for length in (width_px, height_px))
    return Placement(side_px, scale, left, top, may_mirror and bool(drawn.random() < MIRRORED_RATIO))


def placements_digest(*, may_mirror: bool = True) -> str:
    """Digest of the recipe of the placements: 64 hexadecimal digits."""
    recipe = {"version": VERSION, "zoom": ZOOM, "mirrored": MIRRORED_RATIO if may_mirror else 0}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _start(length: float, window: float, drawn: np.random.Generator) -> float:
    """Start of the window: inside a longer image, or so that it holds all of a shorter one."""
    room = length - window
    return float(drawn.uniform(min(room, 0.0), max(room, 0.0)))
