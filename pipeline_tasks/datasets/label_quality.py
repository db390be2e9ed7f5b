"""Gate on the quality of a project's labels: the agreement of people where several annotated one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_tasks.intervals.bootstrap import Integers, draw_groups, ratio_draws, sum_by_group
from pipeline_tasks.intervals.proportions import interval_of_shares, wilson
from pipeline_tasks.kinds.agreement import AgreementMeasure

_JUDGED = ("labelled", "empty", "unsure")


@dataclass(frozen=True)
class QualityRule:
    """The project's limit, and the interval by which it is judged."""

    min_agreement: float | None
    """None: the agreement is only stated."""
    confidence: float
    samples: int
    seed: int


@dataclass(frozen=True)
class LabelQuality:
    """Agreement of votes and labels, and the verdict."""

    images: int
    """Images with at least two votes, those whose votes disagree too much for a label, too."""
    agreement: float | None
    """Mean over them by the label kind's measure; None if there are none."""
    low: float | None
    high: float | None
    is_kept: bool | None
    """True if the lower bound reaches the limit; None without a limit."""
    says: str


def label_quality(labels: pl.DataFrame, split_groups: pl.DataFrame, measure: AgreementMeasure, rule: QualityRule) -> LabelQuality:
    """Judge current labels: rows of `Label`; groups of images that look alike are drawn whole, from rows of `SplitGroup`."""
    shared = labels.filter(pl.col("votes") >= 2, pl.col("state").cast(pl.String).is_in(_JUDGED)).sort("image_id")
    if shared.is_empty():
        is_kept = None if rule.min_agreement is None else False
        return LabelQuality(0, None, None, None, is_kept, _unmeasured(rule.min_agreement))
    ratios = shared["agreement_ratio"].to_numpy()
    groups, count = _groups(shared, split_groups)
    sums, sizes = sum_by_group(ratios[:, None], groups, count), sum_by_group(np.ones((len(ratios), 1)), groups, count)
    mean = float(ratios.mean())
    draws = ratio_draws(draw_groups(count, rule.samples, rule.seed), sums, sizes)[:, 0]
    interval = interval_of_shares(draws, [(mean, count)], rule.confidence)
    is_kept = None if rule.min_agreement is None else interval.low >= rule.min_agreement
    found = f"{measure.of_votes(mean)} ({measure.figure(interval.low)} to {measure.figure(interval.high)})"
    said = f"Labels of {shared.height} images that several people annotated: {found}; {_verdict(rule.min_agreement, is_kept)}."
    return LabelQuality(shared.height, mean, interval.low, interval.high, is_kept, said)


def why_gold_does_not_suffice(right: int, annotations: int, limit: float | None, confidence: float = 0.95) -> str:
    """Reason not to train after a round whose annotations of gold images are too often not the label; empty if none.

    The upper end of Wilson's interval decides: 2 right ones of 3 say too little to stop a night.
    """
    if limit is None or not annotations:
        return ""
    low, high = wilson(right / annotations, annotations, confidence)
    if high >= limit:
        return ""
    return (
        f"the gate on label quality holds. {right} of {annotations} annotations of gold images in this round are right "
        f"({100 * confidence:g} % interval {low:.2f} to {high:.2f}), surely fewer than gates.min_gold_accuracy {limit:g} asks. "
        "See who differs in the report's scorecards, and correct this round's annotations in Label Studio; the next night judges "
        "its own round"
    )


def _groups(shared: pl.DataFrame, split_groups: pl.DataFrame) -> tuple[Integers, int]:
    """Number of each image's group; an image without one is a group of its own."""
    joined = shared.join(split_groups.select("image_id", "split_group_id"), on="image_id", how="left", maintain_order="left")
    names, numbers = np.unique(joined["split_group_id"].fill_null(joined["image_id"]).to_numpy(), return_inverse=True)
    return numbers.astype(np.int64), len(names)


def _verdict(limit: float | None, is_kept: bool | None) -> str:
    if limit is None:
        return "gates.min_agreement is not set, so this is only stated"
    return (
        f"at least {limit:g}, as gates.min_agreement asks"
        if is_kept
        else f"not shown to be at least {limit:g} (gates.min_agreement). Correct the annotations that differ in Label Studio, or "
        "have more images annotated by several people (labeling.overlap_ratio); the next night judges them anew"
    )


def _unmeasured(limit: float | None) -> str:
    said = "No image was annotated by several people, so the quality of labels cannot be measured"
    return f"{said}." if limit is None else f"{said}; gates.min_agreement {limit:g} needs some (labeling.overlap_ratio)."
