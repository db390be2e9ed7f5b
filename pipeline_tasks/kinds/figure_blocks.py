"""Report blocks on the figures of a candidate: over all classes, and of each class, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from pipeline_tasks.kinds.reporting import Bar, Bars, Block, Evaluated, Heading, Paragraph


def figure_blocks(evaluated: Evaluated, about: str, overall: Mapping[str, str], by_class: Mapping[str, str]) -> tuple[Block, ...]:
    """A sentence and bars of the overall figures (metric → words), then those of each class; nothing without an overall figure."""
    found = {one["metric"]: one for one in _figures(evaluated, pl.col("class_name") == "")}
    shown = tuple(_bar(words, found[metric]) for metric, words in overall.items() if metric in found)
    return (Paragraph(about, is_quiet=True), Bars(shown), *class_blocks(evaluated, by_class)) if shown else ()


def class_blocks(evaluated: Evaluated, words: Mapping[str, str], note: str = "of {} images") -> Iterator[Block]:
    """A heading and the bars of each class for each of these metrics (metric → words) that has some."""
    for metric, said in words.items():
        of_classes = (pl.col("metric") == metric) & (pl.col("class_name") != "")
        bars = tuple(_bar(one["class_name"], one, note.format(one["images"])) for one in _figures(evaluated, of_classes))
        if bars:
            yield Heading(said)
            yield Bars(bars)


def _figures(evaluated: Evaluated, wanted: pl.Expr) -> Iterator[dict[str, Any]]:
    """Rows of the candidate's test figures, by class."""
    if evaluated.metrics is not None and evaluated.model_digest is not None:
        mine = evaluated.metrics.filter(pl.col("model_digest") == evaluated.model_digest, pl.col("split") == "test", wanted)
        yield from mine.unique(["metric", "class_name"], keep="last").sort("class_name", "metric").iter_rows(named=True)


def _bar(name: str, one: Mapping[str, Any], note: str = "") -> Bar:
    return Bar(name, one["value"] or 0.0, one["low"], one["high"], note)
