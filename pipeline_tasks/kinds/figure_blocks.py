"""Report blocks on the figures of a candidate: over all classes, and of each class, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from pipeline_tasks.kinds.reporting import Bar, Bars, Block, Evaluated, Heading, Paragraph


def overall_blocks(evaluated: Evaluated, words: Mapping[str, str], about: str) -> Iterator[Block]:
    """Bars of the overall figures that `words` names (metric → words) below a sentence; nothing if there are none."""
    overall = {one["metric"]: one for one in _figures(evaluated, pl.col("class_name") == "")}
    shown = tuple(_bar(said, overall[metric]) for metric, said in words.items() if metric in overall)
    if shown:
        yield Paragraph(about, is_quiet=True)
        yield Bars(shown)


def class_blocks(evaluated: Evaluated, words: Mapping[str, str], note: str = "of {} images") -> Iterator[Block]:
    """A heading and the bars of each class for each of these metrics (metric → words) that has some."""
    for metric, said in words.items():
        of_classes = (pl.col("metric") == metric) & (pl.col("class_name") != "")
        bars = tuple(_bar(one["class_name"], one, note.format(one["images"])) for one in _figures(evaluated, of_classes))
        if bars:
            yield Heading(said)
            yield Bars(bars)


def _figures(evaluated: Evaluated, wanted: pl.Expr) -> list[dict[str, float | None]]:
    """Rows of the candidate's test figures, by class."""
    if evaluated.metrics is None or evaluated.model_digest is None:
        return []
    mine = evaluated.metrics.filter(pl.col("model_digest") == evaluated.model_digest, pl.col("split") == "test", wanted)
    return mine.unique(["metric", "class_name"], keep="last", maintain_order=True).sort("class_name", maintain_order=True).to_dicts()


def _bar(name: str, one: Mapping[str, float | None], note: str = "") -> Bar:
    return Bar(name, one["value"] or 0.0, one["low"], one["high"], note)
