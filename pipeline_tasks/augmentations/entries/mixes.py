"""Augmentations that mix a training image with others; they come after all that change an image alone."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.augmentations.augmentation import Augmentation, Cut, Mix, Rectangle

MIXUP = Augmentation(
    name="mixup",
    words="Another training image blended in: its share is drawn from Beta(strength, strength) and is at most a half.",
    strength=0.2,
    mix=Mix(others=1, draw=lambda strength, random: Cut(_share(strength, random)), for_labels=True),
)
"""Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018, whose alpha is the strength."""
CUTMIX = Augmentation(
    name="cutmix",
    words="A rectangle of another training image: its share of the area is drawn from Beta(strength, strength), at most a half.",
    strength=1.0,
    mix=Mix(others=1, draw=lambda strength, random: _rectangle(_share(strength, random), random), for_labels=True),
)
"""Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", ICCV 2019."""


def _share(strength: float, random: np.random.Generator) -> float:
    """Share of the other image; the view's own image keeps the larger one, so that its label is the first."""
    drawn = float(random.beta(strength, strength))
    return min(drawn, 1 - drawn)


def _rectangle(share: float, random: np.random.Generator) -> Cut:
    """A square of this share of the area about a point anywhere, cut at the border as in the paper."""
    x, y = random.random(2).tolist()
    half = share**0.5 / 2
    rectangle: Rectangle = (max(x - half, 0.0), max(y - half, 0.0), min(x + half, 1.0), min(y + half, 1.0))
    return Cut(share, (rectangle,))
