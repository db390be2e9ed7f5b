"""Augmentations that move things: crops, zoom, mirrors and turns.

Models that say where something is see them through the placement of a view (`models.placed_views`), which moves labels along.
"""

from __future__ import annotations

from pipeline_tasks.augmentations.augmentation import Augmentation

SHRINKING = 0.6
"""Share of the image's side that zoom of strength 1 takes away at most."""
REFLECTED = 4
"""OpenCV's number of a border that shows the image in a mirror."""

RANDOM_CROP = Augmentation(
    name="random_crop",
    words="A part of the image, stretched by up to a quarter. Strength: greatest share of the area that is cut away.",
    strength=0.4,
    probability=1.0,
    moves=True,
    transform="RandomResizedCrop",
    # The ratio is what all earlier releases drew.
    arguments=lambda strength: {"scale": [round(1 - strength, 6), 1.0], "ratio": [0.8, 1.25]},
    key="RandomResizedCrop",
)
ZOOM = Augmentation(
    name="zoom",
    words="The image larger or smaller about its middle: at strength 1 from 0.4 to 2 times its size.",
    strength=0.5,
    probability=1.0,
    moves=True,
    transform="Affine",
    arguments=lambda strength: {"scale": list(zoom_range(strength)), "keep_ratio": True, "border_mode": REFLECTED},
)
HORIZONTAL_FLIP = Augmentation(
    name="horizontal_flip",
    words="Left and right are swapped.",
    strength=None,
    moves=True,
    transform="HorizontalFlip",
    key="HorizontalFlip",
)
VERTICAL_FLIP = Augmentation(
    name="vertical_flip",
    words="Top and bottom are swapped.",
    strength=None,
    moves=True,
    transform="VerticalFlip",
)
QUARTER_TURN = Augmentation(
    name="quarter_turn",
    words="A turn by 90, 180 or 270 degrees, or none.",
    strength=None,
    moves=True,
    transform="RandomRotate90",
)
ROTATION = Augmentation(
    name="rotation",
    words="A turn about the middle: at strength 1 by up to 90 degrees to either side.",
    strength=0.15,
    moves=True,
    transform="Affine",
    arguments=lambda strength: {"rotate": [-greatest_turn(strength), greatest_turn(strength)], "border_mode": REFLECTED},
)


def zoom_range(strength: float) -> tuple[float, float]:
    """Least and greatest size against the whole image's."""
    return round(1 - SHRINKING * strength, 6), round(1 + strength, 6)


def greatest_turn(strength: float) -> float:
    """Greatest angle in degrees."""
    return round(90.0 * strength, 6)
