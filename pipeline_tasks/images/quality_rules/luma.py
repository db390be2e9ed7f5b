"""Rules over luma: images that show nothing because of the light."""

from __future__ import annotations

from pipeline_tasks.images.quality_rules.quality_rule import QualityRule

TOO_DARK = QualityRule(name="too_dark", column="luma_mean", wanted="at least", setting="min_luma_mean", measured="mean luma")
TOO_BRIGHT = QualityRule(name="too_bright", column="luma_mean", wanted="at most", setting="max_luma_mean", measured="mean luma")
FLAT = QualityRule(
    name="flat", column="luma_contrast", wanted="at least", setting="min_luma_contrast", measured="standard deviation of luma"
)
UNINFORMATIVE = QualityRule(
    name="uninformative", column="entropy_bits", wanted="at least", setting="min_entropy_bits", measured="entropy in bits"
)
