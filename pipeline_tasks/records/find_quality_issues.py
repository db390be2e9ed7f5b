"""Record of the stage `find_quality_issues`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FindQualityIssuesSummary:
    """New images that were judged, and those that are quarantined by the rule that they broke."""

    stage: ClassVar[str] = "find_quality_issues"

    images_judged: int
    images_quarantined: int
    issues_by_rule: dict[str, int]
    """An image may break several rules."""
