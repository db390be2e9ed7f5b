"""Record of what one augmentation of a policy does to what a model sees in training images."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AugmentationEffect:
    """Share of images that a model which never saw augmented ones names right, as they are and after this change alone."""

    name: str
    strength: float
    """0 if the augmentation has none."""
    taken: float
    """Share of the views that are changed."""
    images: int
    right_plain: float
    right_changed: float
    warning: str = ""
    """Sentence for people; empty if the change is fine."""
