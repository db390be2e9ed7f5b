"""Section of plots of the candidate: its training by epoch, and its predictions on test images."""

from __future__ import annotations

from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, element, paragraph


def section(data: CycleData) -> Html | None:
    """The plots side by side; None if there are none."""
    if not data.plots:
        return None
    shown = [element("figure", Html(one.svg), paragraph(one.note, quiet=True) if one.note else None) for one in data.plots]
    return element("div", *shown, class_="plots")
