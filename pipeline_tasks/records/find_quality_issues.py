"""Record of the stage `find_quality_issues`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FindQualityIssuesSummary:
    """Number of new images judged, and of quarantined ones by rule."""

    stage: ClassVar[str] = "find_quality_issues"

    images_judged: int
    images_quarantined: int
    issues_by_rule: dict[str, int]
    """An image may break several rules."""
    images_released: int = 0
    """Images of earlier nights that limits quarantined the night before, and do not now."""
