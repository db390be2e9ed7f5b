"""Judge measurements by the project's limits, without opening an image again."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.images.quality_rules.quality_rule import QualityRule
from pipeline_tasks.registries import QUALITY_RULES
from pipeline_tasks.settings import QualitySettings
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.table import Rows, check, empty


def judge(images: Rows[Image], measurements: Rows[Measurement], settings: QualitySettings) -> Rows[QualityIssue]:
    """One row per image and rule that it breaks: images in their order, rules in that of the registry.

    A measurement that `backfill` has not computed yet (null) breaks no rule.
    """
    values = images.join(measurements, on="image_id", how="inner", maintain_order="left").with_columns(
        side_px=pl.min_horizontal("width_px", "height_px"), image_number=pl.int_range(pl.len())
    )
    rules = [(rule, rule.limit(settings)) for _, rule in QUALITY_RULES.load_all()]
    broken = [_broken(values, rule, limit) for rule, limit in rules if limit is not None]
    if not broken:
        return empty(QualityIssue)
    return check(QualityIssue, pl.concat(broken).sort("image_number", maintain_order=True).drop("image_number"))


def quarantined(issues: pl.DataFrame, settings: QualitySettings) -> frozenset[str]:
    """Images whose recorded issues still break a limit; `issues` holds image_id, rule and value of all nights.

    A limit that was loosened or switched off releases its images. One that was tightened judges new images only.
    """
    rules = [(rule, rule.limit(settings)) for _, rule in QUALITY_RULES.load_all()]
    name, value = pl.col("rule").cast(pl.String), pl.col("value")
    broken = [(name == rule.name) & _breaks(value, rule, limit) for rule, limit in rules if limit is not None]
    return frozenset(issues.filter(pl.any_horizontal(broken))["image_id"]) if broken else frozenset()


def _breaks(value: pl.Expr, rule: QualityRule, limit: float) -> pl.Expr:
    return value < limit if rule.wanted == "at least" else value > limit


def _broken(values: pl.DataFrame, rule: QualityRule, limit: float) -> pl.DataFrame:
    """The images that break one rule, with what was measured and what is wanted."""
    value = pl.col(rule.column)
    return values.filter(_breaks(value, rule, limit)).select(
        "image_number",
        "image_id",
        rule=pl.lit(rule.name),
        value=value.cast(pl.Float64),
        limit=pl.lit(float(limit)),
    )
