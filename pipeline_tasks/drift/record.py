"""One test of drift and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PROPERTY, PREDICTION, SHARE, EMBEDDING, CLASSIFIER = "property", "prediction", "share", "embedding", "classifier"
ALL_CAMERAS = "all"
EMBEDDINGS, TELLING_APART = "embeddings", "telling apart"
"""Subjects of the tests `embedding` and `classifier`."""

LEAST_EFFECTS: Mapping[str, float] = {PROPERTY: 0.05, PREDICTION: 0.05, SHARE: 0.02, EMBEDDING: 0.05, CLASSIFIER: 0.52}
"""Effect of each test below which drift is too small to act on, however many images show it."""


@dataclass(frozen=True)
class DriftRecord:
    """Difference between reference and production in one subject, of one camera or of all."""

    test: str
    """`property`, `prediction` (its distribution), `share` (its mean), `embedding` or `classifier`."""
    subject: str
    """Property, number of a prediction, `embeddings` or `telling apart`."""
    camera: str
    """A camera, or `all`."""
    statistic: float
    effect: float
    """Beyond what exchanged images show, and so of the same size with few images as with many: distance of distribution functions
    (property, prediction; 0 to 1), difference of means (share), MMD (embedding; 0 to 1.4), area under ROC (classifier; 0.5 to 1).
    """
    p: float
    """By exchanging images within camera and time, clips whole."""
    adjusted_p: float
    """The same among all tests of the look."""
    distance: float
    """Standard deviations between the statistic and its mean over exchanges; by it causes are ordered."""
    figures: Mapping[str, float]
    """Number of images of both sides, median of a property or mean of a prediction on both, bounds of the area under ROC."""

    @property
    def matters(self) -> bool:
        """Say if the effect is large enough to act on."""
        return self.effect >= LEAST_EFFECTS[self.test]
