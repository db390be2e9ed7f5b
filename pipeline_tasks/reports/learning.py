"""Learning curve: score of each cycle's candidate over its number of labels."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_tasks.reports.charts import Figure, curve
from pipeline_tasks.reports.cycle_data import CycleData, LearningPoint
from pipeline_tasks.reports.html import Html, paragraph, ratio, table, together

MIN_CANDIDATES = 3
MIN_LABELS = 100
"""Minimum numbers of candidates and of added labels for stating a rate per 100 labels."""


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
            _interval(one),
            "" if before is None else f"{100 * (one.score - before.score):+.1f}",
            "yes" if one.is_promoted else "no",
        )
        for before, one in zip([None, *points[:-1]], points, strict=True)
    ]
    note = "Each candidate is scored on the test split of its own dataset version, which grows with the nights."
    headers = ("cycle", "labels", data.kind.scoring.names.words, "interval", "change in points", "promoted")
    return together(
        [
            curve([(one.labels, Figure(one.cycle_id, one.score, one.low, one.high)) for one in points], "labelled images"),
            table(headers, rows),
            paragraph(_trend(points)),
            paragraph(note, quiet=True),
        ]
    )


def _interval(one: LearningPoint) -> str:
    return "–" if one.low is None or one.high is None else f"{ratio(one.low)} to {ratio(one.high)}"


def _trend(points: Sequence[LearningPoint]) -> str:
    """Gain per 100 labels from the first candidate to the newest, or the reason why none is stated."""
    first, newest = points[0], points[-1]
    labels, gained = newest.labels - first.labels, 100 * (newest.score - first.score)
    if len(points) < MIN_CANDIDATES or labels < MIN_LABELS:
        return (
            f"No gain per 100 labels is stated yet: that takes {MIN_CANDIDATES} candidates and {MIN_LABELS} added labels, and "
            f"there are {len(points)} and {max(0, labels)}."
        )
    change = f"From {first.labels} to {newest.labels} labels the score changed by {gained:+.1f} points"
    if not _is_apart(first, newest):
        return f"{change}; the intervals of both candidates overlap, so no gain per 100 labels is stated."
    return f"{change}, on average {gained / labels * 100:+.1f} per 100 labels."


def _is_apart(one: LearningPoint, other: LearningPoint) -> bool:
    """Return True if the intervals of two candidates do not overlap."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.high < other.low or other.high < one.low
