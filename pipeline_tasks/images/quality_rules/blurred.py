"""Rule over sharpness."""

from __future__ import annotations

from pipeline_tasks.images.quality_rules.quality_rule import QualityRule

BLURRED = QualityRule(name="blurred", column="sharpness", wanted="at least", setting="min_sharpness", measured="sharpness")
