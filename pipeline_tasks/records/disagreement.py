"""Differing annotations of one image, for the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ShownAnnotation:
    """One person's annotation in one labeling task."""

    annotator_id: str
    words: str
    is_starred: bool
    url: str | None
    """Address of the task in Label Studio."""


@dataclass(frozen=True)
class Disagreement:
    """Annotations of an image that differ."""

    image_id: str
    annotations: tuple[ShownAnnotation, ...]

    @property
    def is_contradiction(self) -> bool:
        """Return True if all annotations are from one person."""
        return len({one.annotator_id for one in self.annotations}) == 1
