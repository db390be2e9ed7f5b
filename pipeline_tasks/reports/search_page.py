"""Page of a search over training settings: the outcome, lines for the project file, and every trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import local_time
from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.reports.document import document
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, short, table, together
from pipeline_tasks.reports.search_chart import TriedValue, scatter
from pipeline_tasks.settings.search import SearchedValues


@dataclass(frozen=True)
class SearchData:
    """Data of one search."""

    project: str
    cycle_id: str
    started_at: datetime
    time_zone: str
    code_version: str
    dataset_id: str
    score: str
    """Name of the kind's score."""
    space: Mapping[str, SearchedValues]
    chosen: ChooseSettingsSummary
    trials: Sequence[FinishedTrial]
    promoted: PromoteModelSummary | None
    """None until the candidate was compared."""


def render_search(data: SearchData) -> str:
    """Render the page."""
    sections = {"For the project file": _lines(data), "Each setting": _charts(data), "Trials": _trials(data)}
    body = [_header(data), *(element("section", element("h2", name), part) for name, part in sections.items() if part)]
    footer = paragraph(f"Started {local_time(data.started_at, data.time_zone)}, by Nightlens {data.code_version}.")
    return document(f"{data.project} · search over training settings · {data.cycle_id}", [*body, element("footer", footer)])


def _header(data: SearchData) -> Html:
    chosen = data.chosen
    told = element("p", chosen.skipped or chosen.why, class_="decision " + ("good" if chosen.is_found else "warn"))
    gate = None if data.promoted is None or not chosen.is_found else paragraph(data.promoted.skipped or data.promoted.why)
    about = f"{chosen.trials} trials on training and validation images of version {short(data.dataset_id)}; no test image was used."
    title = element("h1", f"Training settings of {data.project}")
    return element("header", title, paragraph(about, quiet=True), told, gate, _proof(data))


def _proof(data: SearchData) -> Html | None:
    """Scores on fresh folds, which the best trial was not chosen by."""
    chosen = data.chosen
    if chosen.proof_own_score is None or chosen.proof_best_score is None:
        return None
    words = data.score.replace("_", " ")
    own, best = ratio(chosen.proof_own_score), ratio(chosen.proof_best_score)
    said = f"On fresh folds the {words} is {own} with the own settings and {best} with those of trial {chosen.best_trial}."
    return paragraph(said, quiet=True)


def _lines(data: SearchData) -> Html | None:
    if not data.chosen.is_found:
        return None
    note = "Later nights train with these settings once they are in the project file; until then, with its present ones."
    return together([element("pre", data.chosen.yaml), paragraph(note, quiet=True)])


def _charts(data: SearchData) -> Html | None:
    if not data.trials:
        return None
    charts = [
        scatter(key, [_tried(data, trial, key) for trial in data.trials], is_log=values.is_log)
        for key, values in data.space.items()
    ]
    legend = "Loss on held-out images, lower is better. Orange: the own settings; green: the best trial; grey: ended early."
    return together([paragraph(legend, quiet=True), element("div", *charts, class_="pair")])


def _tried(data: SearchData, trial: FinishedTrial, key: str) -> TriedValue:
    says = f"trial {trial.number}: {key} {_text(trial.values[key])}, loss {trial.loss:.4f}"
    return TriedValue(says, trial.values[key], trial.loss, _mark(data, trial))


def _mark(data: SearchData, trial: FinishedTrial) -> str:
    if trial.number == 0:
        return "own"
    if trial.number == data.chosen.best_trial:
        return "best"
    return "ended early" if trial.is_pruned else ""


def _trials(data: SearchData) -> Html | None:
    if not data.trials:
        return None
    ordered = sorted(data.trials, key=lambda trial: (trial.is_pruned, trial.loss, trial.number))
    rows = [
        (
            trial.number,
            _mark(data, trial),
            *(_text(trial.values[key]) for key in data.space),
            len(trial.fold_losses),
            f"{trial.loss:.4f}",
            ratio(trial.score),
        )
        for trial in ordered
    ]
    headers = ["trial", "", *data.space, "folds", "loss", data.score.replace("_", " ")]
    return table(headers, rows, numbers_from=2)


def _text(value: bool | int | float | str | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
