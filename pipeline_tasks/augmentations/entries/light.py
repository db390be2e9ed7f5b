"""Augmentations of light and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.augmentations.augmentation import Augmentation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def grey_world(image: npt.NDArray[np.uint8], strength: float, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Scale the channels (height x width x 3) towards one mean; strength 1 makes their means equal.

    Source: Buchsbaum, "A spatial processor model for object colour perception", 1980.
    """
    import numpy as np

    means = image.reshape(-1, 3).mean(axis=0)
    gains = 1 + strength * (means.mean() / np.maximum(means, 1.0) - 1)
    found: npt.NDArray[np.uint8] = np.rint(image * gains).clip(0, 255).astype(np.uint8)
    return found


BRIGHTNESS_CONTRAST = Augmentation(
    name="brightness_contrast",
    words="Brightness and contrast together. Strength: greatest change of either, as a share.",
    strength=0.25,
    probability=0.8,
    transform="RandomBrightnessContrast",
    arguments=lambda strength: {"brightness_limit": strength, "contrast_limit": strength},
    key="RandomBrightnessContrast",
)
BRIGHTNESS = Augmentation(
    name="brightness",
    words="Lighter or darker. Strength: greatest change, as a share of white.",
    strength=0.25,
    transform="RandomBrightnessContrast",
    arguments=lambda strength: {"brightness_limit": strength, "contrast_limit": 0.0},
)
EXPOSURE = Augmentation(
    name="exposure",
    words="Gamma: mid-tones lighter or darker, black and white kept; at strength 1 with exponents from 1/3 to 3.",
    strength=0.4,
    transform="RandomGamma",
    arguments=lambda strength: {"gamma_limit": [round(100 * 3**-strength, 3), round(100 * 3**strength, 3)]},
)
CONTRAST = Augmentation(
    name="contrast",
    words="More or less contrast. Strength: greatest change, as a share.",
    strength=0.25,
    transform="RandomBrightnessContrast",
    arguments=lambda strength: {"brightness_limit": 0.0, "contrast_limit": strength},
)
SATURATION = Augmentation(
    name="saturation",
    words="Colours paler or stronger. Strength: greatest change, as a share.",
    strength=0.3,
    transform="ColorJitter",
    arguments=lambda strength: {
        "brightness": [1.0, 1.0],
        "contrast": [1.0, 1.0],
        "saturation": [round(1 - strength, 6), round(1 + strength, 6)],
        "hue": [0.0, 0.0],
    },
)
HUE = Augmentation(
    name="hue",
    words="Colours turned around the colour circle: at strength 1 by up to half a circle to either side.",
    strength=0.05,
    transform="HueSaturationValue",
    arguments=lambda strength: {"hue_shift_limit": 90 * strength, "sat_shift_limit": 0, "val_shift_limit": 0},
)
CLAHE = Augmentation(
    name="clahe",
    words="Contrast evened out in 8 x 8 tiles, clipped at up to 1 + 7 x strength.",
    strength=0.3,
    transform="CLAHE",
    arguments=lambda strength: {"clip_limit": [1.0, round(1 + 7 * strength, 6)]},
)
EQUALIZE = Augmentation(
    name="equalize",
    words="The histogram of each channel made even.",
    strength=None,
    probability=0.2,
    transform="Equalize",
)
GREY_WORLD = Augmentation(
    name="grey_world",
    words="Channels scaled towards one mean, which takes a cast of colour away. Strength: share of the way.",
    strength=1.0,
    probability=0.2,
    function=grey_world,
)
