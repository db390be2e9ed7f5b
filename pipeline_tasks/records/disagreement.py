"""Annotations of one image that are not all the same, for the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One person's answer to one labeling task."""

    annotator_id: str
    words: str
    is_starred: bool
    url: str | None
    """Address of the task in Label Studio."""


@dataclass(frozen=True)
class Disagreement:
    """All answers on an image that are not all the same."""

    image_id: str
    answers: tuple[Said, ...]

    @property
    def is_contradiction(self) -> bool:
        """Return True if one person alone gave all the answers."""
        return len({one.annotator_id for one in self.answers}) == 1
