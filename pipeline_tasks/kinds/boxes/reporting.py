"""Report section of a detector: average precision by class."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.object_scoring import AP
from pipeline_tasks.kinds.reporting import Bar, Bars, Evaluated, Section
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class BoxReporting:
    """Average precision of each class."""

    class_names: tuple[str, ...]
    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """Average precision of each class, with its interval."""
        if evaluated.metrics is None:
            return [Section("precision", "Average precision", ())]
        rows = evaluated.metrics.filter(
            pl.col("model_digest") == evaluated.model_digest, pl.col("metric") == AP, pl.col("class_name") != "", split="test"
        )
        bars = tuple(
            Bar(one["class_name"], one["value"], one["low"], one["high"], f"of {one['images']}")
            for one in rows.unique(["class_name"], keep="last", maintain_order=True).iter_rows(named=True)
        )
        return [Section("precision", "Average precision by class", (Bars(bars),) if bars else ())]
