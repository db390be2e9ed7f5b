"""Augmentations that take sharpness or pixels away: noise, blur, compression, holes."""

from __future__ import annotations

import math

from pipeline_tasks.augmentations.augmentation import Augmentation

GREY = 127

GAUSSIAN_NOISE = Augmentation(
    name="gaussian_noise",
    words="Noise at each pixel and channel, with a standard deviation of up to 0.2 x strength of white.",
    strength=0.25,
    transform="GaussNoise",
    arguments=lambda strength: {"std_range": [0.0, round(0.2 * strength, 6)]},
)
SALT_AND_PEPPER = Augmentation(
    name="salt_and_pepper",
    words="Single black and white pixels: up to 0.2 x strength of all.",
    strength=0.2,
    transform="SaltAndPepper",
    arguments=lambda strength: {"amount": [0.0, round(0.2 * strength, 6)]},
)
BLUR = Augmentation(
    name="blur",
    words="Gaussian blur with kernels of 3 to 1 + 20 x strength pixels.",
    strength=0.2,
    probability=0.2,
    transform="GaussianBlur",
    arguments=lambda strength: {"blur_limit": [3, _kernel_px(strength)]},
    key="GaussianBlur",
)
MOTION_BLUR = Augmentation(
    name="motion_blur",
    words="Blur along a line of 3 to 1 + 20 x strength pixels, in any direction.",
    strength=0.3,
    probability=0.2,
    transform="MotionBlur",
    arguments=lambda strength: {"blur_limit": [3, _kernel_px(strength)]},
)
JPEG = Augmentation(
    name="jpeg",
    words="Saved as JPEG of a quality from 100 - 90 x strength to 100.",
    strength=0.5,
    transform="ImageCompression",
    arguments=lambda strength: {"quality_range": [round(100 - 90 * strength), 100]},
)
CUTOUT = Augmentation(
    name="cutout",
    words="One grey hole, with sides from half of strength to strength of the image's.",
    strength=0.25,
    transform="CoarseDropout",
    arguments=lambda strength: {
        "num_holes_range": [1, 1],
        "hole_height_range": [round(strength / 2, 6), strength],
        "hole_width_range": [round(strength / 2, 6), strength],
        "fill": GREY,
    },
)


def _kernel_px(strength: float) -> int:
    """Side of the largest kernel: odd, and at least 3."""
    return max(3, 1 + 2 * math.ceil(10 * strength))
