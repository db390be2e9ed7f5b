"""Learning curve: score of each cycle's candidate over its number of labels."""

from __future__ import annotations

from pipeline_tasks.reports.charts import Figure, curve
from pipeline_tasks.reports.cycle_data import CycleData, LearningPoint
from pipeline_tasks.reports.html import Html, paragraph, ratio, table, together


def section(data: CycleData) -> Html | None:
    """Score over labels, by cycle."""
    points = data.learning
    if not points:
        return None
    rows = [
        (
            one.cycle_id,
            one.labels,
            ratio(one.score),
            f"{ratio(one.low)} to {ratio(one.high)}",
            _gain(before, one),
            "yes" if one.is_promoted else "no",
        )
        for before, one in zip([None, *points[:-1]], points, strict=True)
    ]
    note = "Each candidate is scored on the test split of its own dataset version, which grows with the nights."
    return together(
        [
            curve([(one.labels, Figure(one.cycle_id, one.score, one.low, one.high)) for one in points], "labelled images"),
            table(("cycle", "labels", data.kind.scoring.names.words, "interval", "points per 100 labels", "promoted"), rows),
            paragraph(note, quiet=True),
        ]
    )


def _gain(before: LearningPoint | None, one: LearningPoint) -> str:
    """Points of the score per 100 labels since the candidate before; empty where no label was added."""
    labels = 0 if before is None else one.labels - before.labels
    return "" if before is None or labels <= 0 else f"{100 * (one.score - before.score) / labels * 100:+.1f}"
