"""Where the candidate is right and where it is wrong."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.reports.charts import Figure, intervals
from pipeline_tasks.reports.facts import CycleFacts
from pipeline_tasks.reports.html import Html, card, cards, element, paragraph, ratio, together

MOST_ERRORS = 36


def confusion(facts: CycleFacts) -> Html | None:
    """Test images by class and by the candidate's answer, and the recall of each class with its interval."""
    digest = _candidate(facts)
    if facts.confusions is None or digest is None:
        return None
    counts = {(a, b): n for a, b, n in facts.confusions.filter(model_digest=digest).drop("model_digest").iter_rows()}
    names = [*facts.class_names, *sorted({name for pair in counts for name in pair} - set(facts.class_names))]
    head = element("tr", element("th", "is ↓  taken for →"), *(element("th", name, class_="number") for name in names))
    rows = [element("tr", element("th", one), *_cells(one, names, counts)) for one in names]
    recalls = _recalls(facts, digest)
    return together(
        [
            element("div", element("table", head, *rows, class_="confusion"), class_="scrolling"),
            element("h3", "Recall by class") if recalls else None,
            intervals(recalls) if recalls else None,
        ]
    )


def worst_errors(facts: CycleFacts) -> Html | None:
    """Test images that the candidate takes for another class, surest first."""
    digest = _candidate(facts)
    if facts.predictions is None or facts.dataset_images is None or digest is None:
        return None
    truth = facts.dataset_images.select("image_id", truth="class_name")
    answers = facts.predictions.filter(model_digest=digest).sort("probability", "class_name", descending=[True, False])
    top = answers.unique("image_id", keep="first", maintain_order=True).join(truth, on="image_id", maintain_order="left")
    own = answers.select("image_id", truth="class_name", truth_probability="probability")
    wrong = top.filter(pl.col("class_name") != pl.col("truth"))
    wrong = wrong.join(own, on=["image_id", "truth"], how="left", maintain_order="left")
    if wrong.is_empty():
        return paragraph(f"None of {top.height} test images is taken for another class.", quiet=True)
    shown = [_error(facts, one) for one in wrong.head(MOST_ERRORS).iter_rows(named=True)]
    said = paragraph(f"{wrong.height} of {top.height} test images are taken for another class; the surest errors come first.")
    return together([said, cards(shown, wrong.height, "errors")])


def _candidate(facts: CycleFacts) -> str | None:
    """The digest of the model that was evaluated."""
    evaluated = facts.records.find(EvaluateModelSummary)
    return None if evaluated is None else evaluated.model_digest


def _cells(one: str, names: list[str], counts: dict[tuple[str, str], int]) -> list[Html]:
    """A row's cells, the darker the larger their share of the row."""
    total = sum(counts.get((one, other), 0) for other in names) or 1
    shares = [(counts.get((one, other), 0), counts.get((one, other), 0) / total) for other in names]
    return [
        element("td", count or "·", class_="cell", style=f"background: rgba(var(--heat), {0.75 * share:.2f})", title=ratio(share))
        for count, share in shares
    ]


def _recalls(facts: CycleFacts, digest: str) -> list[Figure]:
    if facts.metrics is None:
        return []
    rows = facts.metrics.filter(pl.col("model_digest") == digest, pl.col("metric") == "recall", pl.col("class_name") != "")
    rows = rows.filter(pl.col("split") == "test")
    return [
        Figure(one["class_name"], one["value"], one["low"], one["high"], f"of {one['images']}")
        for one in rows.unique(["class_name"], keep="last", maintain_order=True).iter_rows(named=True)
    ]


def _error(facts: CycleFacts, one: dict[str, Any]) -> Html:
    title = f"{one['truth']} → {one['class_name']}"
    lines = [f"taken for {one['class_name']} with {ratio(one['probability'])}"]
    if one["truth_probability"] is not None:
        lines.append(f"{one['truth']} got {ratio(one['truth_probability'])}")
    return card(facts.thumbnail(one["image_id"]), title, *lines, mark="wrong")
