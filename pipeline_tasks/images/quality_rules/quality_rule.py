"""Record of a quality rule: one measurement held against one limit of the project file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline_tasks.settings import QualitySettings


@dataclass(frozen=True, kw_only=True)
class QualityRule:
    """A limit on a measurement. A value equal to its limit is fine; a value that is not measured yet is not judged."""

    name: str
    """Stands in `quality_issues`."""
    column: str
    """Of `measurements` or `images`; `side_px` is the shorter side."""
    wanted: Literal["at least", "at most"]
    """Side of the limit that breaks no rule."""
    setting: str
    """The limit's name in `quality` of a project file; null there switches the rule off."""
    measured: str
    """Words for people: `mean luma` in `too dark: mean luma 12, at least 28 wanted`."""

    def limit(self, settings: QualitySettings) -> float | None:
        """The limit that a project sets; None: the rule judges nothing."""
        limit: float | None = getattr(settings, self.setting)
        return limit

    def says(self, value: float, limit: float) -> str:
        """Say how an image broke the rule."""
        return f"{self.name.replace('_', ' ')}: {self.measured} {value:.4g}, {self.wanted} {limit:g} wanted"
