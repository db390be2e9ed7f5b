"""Augmentations that mix a training image with others; they come after all that change an image alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline_tasks.augmentations.augmentation import Augmentation, Cut, Mix, Rectangle

FROM_TO = (0.3, 0.7)
"""Places of the point of a mosaic, as shares of the sides."""

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
    mix=Mix(others=1, draw=lambda strength, random: _rectangle(_share(strength, random), random), for_labels=True, for_places=True),
)
"""Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", ICCV 2019."""
MOSAIC = Augmentation(
    name="mosaic",
    words="Four training images around a point in the middle 40 % of the view; each thing is labelled where it is still seen.",
    strength=None,
    mix=Mix(others=3, draw=lambda strength, random: _around_a_point(random), for_places=True),
)
"""Bochkovskiy et al., "YOLOv4: Optimal Speed and Accuracy of Object Detection", 2020."""


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


def _around_a_point(random: np.random.Generator) -> Cut:
    """Four rectangles, of which a drawn one has the view's own image."""
    x, y = random.uniform(*FROM_TO, size=2).tolist()
    own, *others = random.permutation([(0, 0, x, y), (x, 0, 1, y), (0, y, x, 1), (x, y, 1, 1)]).tolist()
    share = 1 - (own[2] - own[0]) * (own[3] - own[1])
    return Cut(share, tuple(_rectangle_of(one) for one in others), _rectangle_of(own))


def _rectangle_of(numbers: Sequence[float]) -> Rectangle:
    left, top, right, bottom = map(float, numbers)
    return left, top, right, bottom
