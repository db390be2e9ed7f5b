"""Quality rules: measurements judged by the project's limits, without opening an image again."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.settings import QualitySettings
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.table import Rows, check, empty


def judge(images: Rows[Image], measurements: Rows[Measurement], settings: QualitySettings) -> Rows[QualityIssue]:
    """One row per image and rule that it breaks, in the order of images; a rule with limit None is off.

    A value equal to its limit breaks no rule.
    """
    values = images.join(measurements, on="image_id", how="inner", maintain_order="left").with_columns(
        side_px=pl.min_horizontal("width_px", "height_px"), image_number=pl.int_range(pl.len())
    )
    at_least = (
        ("too_small", "side_px", settings.min_side_px),
        ("too_dark", "luma_mean", settings.min_luma_mean),
        ("flat", "luma_contrast", settings.min_luma_contrast),
        ("blurred", "sharpness", settings.min_sharpness),
        ("uninformative", "entropy_bits", settings.min_entropy_bits),
    )
    broken = [_broken(values, rule, column, limit, pl.col(column) < limit) for rule, column, limit in at_least if limit is not None]
    if settings.max_luma_mean is not None:
        limit = settings.max_luma_mean
        broken.append(_broken(values, "too_bright", "luma_mean", limit, pl.col("luma_mean") > limit))
    if not broken:
        return empty(QualityIssue)
    return check(QualityIssue, pl.concat(broken).sort("image_number", maintain_order=True).drop("image_number"))


def _broken(values: pl.DataFrame, rule: str, column: str, limit: float, is_broken: pl.Expr) -> pl.DataFrame:
    """Images that break one rule, with the measured value and the limit."""
    return values.filter(is_broken).select(
        "image_number",
        "image_id",
        rule=pl.lit(rule),
        value=pl.col(column).cast(pl.Float64),
        limit=pl.lit(float(limit)),
    )
