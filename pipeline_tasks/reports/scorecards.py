"""Agreement beyond chance, and scorecards of people (pseudonyms) over all nights."""

from __future__ import annotations

from typing import Any

from pipeline_tasks.label_quality.alpha import Alpha
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.reports.charts import Figure, intervals
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, table, together
from pipeline_tasks.tables.annotator_score import AnnotatorScore

RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's limits of alpha: reliable, and good enough for tentative conclusions."""


def section(data: CycleData) -> Html | None:
    """Alpha and kappa of the round, of all people and by name, then each person's work over all nights."""
    return together([_alphas(data), _consensus(data), _cards(data)])


def _alphas(data: CycleData) -> Html | None:
    """Krippendorff's alpha and Fleiss' kappa of this round."""
    found = data.beyond_chance
    if found is None:
        return None
    said = f"Krippendorff's alpha of this round {_figure(found.alpha)} over {found.alpha.images} images of several people"
    kappa = f" Fleiss' kappa is {found.fleiss:.2f}." if found.fleiss is not None else ""
    rows = [
        (one.name or "nothing there", _figure(one.alpha), kappa_figure(one.fleiss))
        for one in found.by_name
        if one.alpha.value is not None
    ]
    listed = table(("against all others", "alpha", "Fleiss' kappa"), rows) if len(rows) > 1 else None
    return together([paragraph(f"{said}; {_verdict(found.alpha)}.{kappa}"), listed])


def kappa_figure(kappa: float | None) -> str:
    """A kappa in a table."""
    return "–" if kappa is None else f"{kappa:.2f}"


def _figure(one: Alpha) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "not defined"
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _verdict(one: Alpha) -> str:
    """The lower end against the usual limits."""
    if one.low is None:
        return "it needs images of several people, and two names"
    if one.low >= RELIABLE:
        return f"reliable, as its lower end is at least {RELIABLE:g}"
    kept = f"good enough for tentative conclusions (lower end at least {TENTATIVE:g})"
    return kept if one.low >= TENTATIVE else f"not shown to reach {TENTATIVE:g}, below which labels are hardly reliable"


def _consensus(data: CycleData) -> Html | None:
    """The rule that made the labels, where people are weighed."""
    resolved = data.records.find(ResolveLabelsSummary)
    return paragraph(resolved.weighed) if resolved is not None and resolved.weighed else None


def _cards(data: CycleData) -> Html | None:
    scores = data.rows(AnnotatorScore)
    if scores is None or scores.is_empty():
        return None
    rows = scores.to_dicts()
    heading = data.kind.labeling.agreement_measure.heading
    cells = [_row(data, row) for row in rows]
    listed = table(("annotator", "images", "of several people", heading, "right", "gold right", "state"), cells)
    bounds = ("annotator_id", "accuracy", "accuracy_low", "accuracy_high")
    figures = [Figure(*(row[one] for one in bounds)) for row in rows if row["accuracy"] is not None]
    return together([element("h3", "People over all nights"), listed, _plot(figures), _paused(rows)])


def _row(data: CycleData, row: dict[str, Any]) -> tuple[str | int, ...]:
    agreement = "–" if row["agreement"] is None else data.kind.labeling.agreement_measure.figure(row["agreement"])
    gold = f"{row['gold_right']} of {row['gold_images']}" if row["gold_images"] else "–"
    gold += f" ({ratio(row['gold_low'])} to {ratio(row['gold_high'])})" if row["gold_images"] else ""
    state = "paused" if row["is_paused"] else ""
    return (row["annotator_id"], row["images"], row["shared_images"], agreement, ratio(row["accuracy"]), gold, state)


def _plot(figures: list[Figure]) -> Html | None:
    if len(figures) < 2:
        return None
    said = "Share of right votes, as the model and the other people see them, with its 95 % interval:"
    return together([paragraph(said, quiet=True), intervals(figures)])


def _paused(rows: list[dict[str, Any]]) -> Html | None:
    """People who should not go on before somebody has talked to them."""
    paused = [row["annotator_id"] for row in rows if row["is_paused"]]
    if not paused:
        return None
    who = f"{', '.join(paused)} {'is' if len(paused) == 1 else 'are'} paused: guessing explains these votes better than care does."
    rest = "Their images come up again for other people. Talk to them, and take them off the project in Label Studio until then."
    return element("div", f"{who} {rest}", class_="decision warn")
