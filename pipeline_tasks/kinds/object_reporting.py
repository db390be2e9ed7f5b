"""Report blocks of kinds whose models are judged by average precision."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pipeline_tasks.kinds.object_scoring import AP
from pipeline_tasks.kinds.reporting import Bar, Bars, Block, Evaluated, Heading, Paragraph

_OVERALL = {
    AP: "AP, mean of 50 to 95 %",
    "ap_50": "AP at 50 %",
    "ap_75": "AP at 75 %",
    "ar": "recall (AR)",
    "ar_1": "recall of the surest 1",
    "ar_10": "recall of the surest 10",
    "ap_small": "AP of small objects",
    "ap_medium": "AP of medium objects",
    "ap_large": "AP of large objects",
}
_SIZES = "Small objects cover less than 32 × 32 pixels, large ones more than 96 × 96; these are COCO's limits."


def precision_blocks(evaluated: Evaluated, right: str) -> Iterator[Block]:
    """Average precision and recall, then of each class; `right` says what a right prediction does, as in `boxes overlap`."""
    if evaluated.metrics is None or evaluated.model_digest is None:
        return
    mine = evaluated.metrics.filter(pl.col("model_digest") == evaluated.model_digest, pl.col("split") == "test")
    mine = mine.unique(["metric", "class_name"], keep="last", maintain_order=True)
    overall = {one["metric"]: one for one in mine.filter(pl.col("class_name") == "").iter_rows(named=True)}
    shown = tuple(_bar(words, overall[metric]) for metric, words in _OVERALL.items() if metric in overall)
    if not shown:
        return
    yield Paragraph(
        f"Mean over the classes that count, and over the shares by which {right}: from 50 to 95 %. {_SIZES}", is_quiet=True
    )
    yield Bars(shown)
    for metric, words in ((AP, "Average precision by class"), ("ap_50", "AP at 50 %, by class")):
        rows = mine.filter(pl.col("metric") == metric, pl.col("class_name") != "").sort("class_name")
        if rows.height:
            yield Heading(words)
            yield Bars(tuple(_bar(one["class_name"], one, f"of {one['images']} images") for one in rows.iter_rows(named=True)))


def _bar(name: str, one: dict[str, float | None], note: str = "") -> Bar:
    return Bar(name, one["value"] or 0.0, one["low"], one["high"], note)
