"""Section of plots of the candidate: its training by epoch, and its predictions on test images."""

from __future__ import annotations

from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.training_start import TrainingStart
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, together


def section(data: CycleData) -> Html | None:
    """The weights that the training started from, if the project says so, and the plots side by side; None without both."""
    trained = data.records.find(TrainModelSummary)
    start = None if trained is None else trained.start
    if not data.plots and start is None:
        return None
    shown = [element("figure", Html(one.svg), paragraph(one.note, quiet=True) if one.note else None) for one in data.plots]
    started = [] if start is None else _started(start, data.kind.scoring.names.words)
    return together([*started, element("div", *shown, class_="plots") if shown else None])


def _started(start: TrainingStart, score: str) -> list[Html]:
    """Sentences on the start."""
    told = [paragraph(start.why)]
    if start.old_score is not None and start.score is not None:
        change = f"{score} was {ratio(start.old_score)} at the start and {ratio(start.score)} at the end."
        told.append(paragraph(f"On {start.old_images} validation images that the champion's version had, too, {change}"))
    if start.warning:
        told.append(paragraph(element("strong", start.warning)))
    return told
