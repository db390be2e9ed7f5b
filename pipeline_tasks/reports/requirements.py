"""Section on the images that a project needs, and those that it has."""

from __future__ import annotations

from pipeline_tasks.reports.charts import Figure, intervals
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, paragraph, table, together


def section(data: CycleData) -> Html | None:
    """Wanted against labelled images as bars and a table; None for a project without requirements."""
    if not data.requirements:
        return None
    short = [one for one in data.requirements if one.short]
    said = f"{len(data.requirements) - len(short)} of {len(data.requirements)} requirements are met."
    if short:
        most = max(short, key=lambda one: one.short / one.wanted)
        said += f" Most is lacking of {most.name}: {most.labelled} of {most.wanted}."
    shares = [
        Figure(one.name, min(one.labelled / one.wanted, 1.0), note=f"· {one.labelled:,} of {one.wanted:,}")
        for one in data.requirements
    ]
    rows = [(one.name, one.wanted, one.labelled, one.short, _known(one.unlabelled)) for one in data.requirements]
    note = paragraph(
        "Counted are labelled images of the whole project at the time of this report. What is short is selected first "
        "(requirements.quota_ratio). python -m pipeline_tasks requirements --to FILE writes it for whoever collects images.",
        quiet=True,
    )
    heads = ("requirement", "wanted", "labelled", "short", "not labelled yet")
    return together([paragraph(said), intervals(shares), table(heads, rows), note])


def _known(count: int | None) -> int | str:
    return "" if count is None else count
