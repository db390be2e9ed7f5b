"""Rules over the size of an image."""

from __future__ import annotations

from pipeline_tasks.images.quality_rules.quality_rule import QualityRule

TOO_SMALL = QualityRule(
    name="too_small", column="side_px", wanted="at least", setting="min_side_px", measured="shorter side in pixels"
)
