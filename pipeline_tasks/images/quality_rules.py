"""The quality rules: each holds one measurement against one limit of the project file."""

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
    """Which side of the limit is fine."""
    setting: str
    """The limit's name in `quality` of a project file; null there switches the rule off."""
    measured: str
    """What people read: `mean luma` in `too dark: mean luma 12, at least 28 wanted`."""

    def limit(self, settings: QualitySettings) -> float | None:
        """The limit that a project sets; None: the rule judges nothing."""
        limit: float | None = getattr(settings, self.setting)
        return limit

    def says(self, value: float, limit: float) -> str:
        """Say how an image broke the rule."""
        return f"{self.name.replace('_', ' ')}: {self.measured} {value:.4g}, {self.wanted} {limit:g} wanted"


TOO_SMALL = QualityRule(
    name="too_small", column="side_px", wanted="at least", setting="min_side_px", measured="shorter side in pixels"
)
TOO_DARK = QualityRule(name="too_dark", column="luma_mean", wanted="at least", setting="min_luma_mean", measured="mean luma")
TOO_BRIGHT = QualityRule(name="too_bright", column="luma_mean", wanted="at most", setting="max_luma_mean", measured="mean luma")
FLAT = QualityRule(
    name="flat", column="luma_contrast", wanted="at least", setting="min_luma_contrast", measured="standard deviation of luma"
)
BLURRED = QualityRule(name="blurred", column="sharpness", wanted="at least", setting="min_sharpness", measured="sharpness")
UNINFORMATIVE = QualityRule(
    name="uninformative", column="entropy_bits", wanted="at least", setting="min_entropy_bits", measured="entropy in bits"
)
