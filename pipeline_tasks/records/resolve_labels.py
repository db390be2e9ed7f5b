"""Record of the stage `resolve_labels`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ResolveLabelsSummary:
    """Labels that the cycle's answers add up to."""

    stage: ClassVar[str] = "resolve_labels"

    images: int
    """Images of which an answer is new, changed or taken back."""
    labelled: int
    empty: int
    unsure: int
    changed_labels: int
    """Images that had another label before."""
    mean_agreement_ratio: float | None
    """Over images with at least two votes; None without any."""
    images_by_class: dict[str, int]
