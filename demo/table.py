"""Result table of the nights, with addresses and logins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from demo.figures import Night
from local_stack.addresses import Addresses
from pipeline_tasks.kinds.scoring import ScoreNames
from pipeline_tasks.process import TASK_GROUPS

_LABEL_WIDTH = 26
_COLUMN_WIDTH = 30


def nights_table(nights: Sequence[Night], names: ScoreNames) -> str:
    """One column a night; the score by the words of its label kind."""
    rows: list[tuple[str, Callable[[Night], str]]] = [
        ("cycle", lambda night: night.cycle_id),
        ("DAG run in Airflow", lambda night: f"{night.state}, {night.seconds:.0f} s"),
        ("files seen", lambda night: str(night.files_seen)),
        ("images taken in", lambda night: str(night.images_taken_in)),
        ("rejected", lambda night: _counts(night.rejected)),
        ("quarantined", lambda night: str(night.quarantined)),
        ("exact / near duplicates", lambda night: f"{night.exact_duplicates} / {night.near_duplicates}"),
        ("selected for people", lambda night: str(night.selected)),
        ("annotated in Label Studio", lambda night: f"{night.annotated} of {night.labeling_tasks} tasks"),
        ("labelled / empty / unsure", lambda night: f"{night.labelled} / {night.empty} / {night.unsure}"),
        ("dataset version", lambda night: f"{_short(night.dataset_id)}, {night.dataset_images} images"),
        ("candidate", lambda night: _candidate(night)),
        (names.words, lambda night: _score(night)),
        ("  the champion's", lambda night: _number(night.champion_score)),
        (f"  {names.baseline_short}", lambda night: _number(night.baseline_score)),
        ("  classes left out", lambda night: ", ".join(night.classes_left_out) or "none"),
        ("decision", _decision),
    ]
    lines = ["".join(["".ljust(_LABEL_WIDTH), *(f"night {night.night}".ljust(_COLUMN_WIDTH) for night in nights)]).rstrip()]
    for label, tell in rows:
        lines += _row(label, [tell(night) for night in nights])
    lines += ["", "seconds per stage"]
    for group, stages in TASK_GROUPS.items():
        lines += _row(f" {group}", ["" for _ in nights])
        for stage in stages:
            lines += _row(f"   {stage}", [f"{night.stage_seconds.get(stage, 0.0):.1f}" for night in nights])
    lines += ["", *(f"night {night.night}: {night.why}" for night in nights)]
    return "\n".join(lines)


def _decision(night: Night) -> str:
    if night.is_promoted:
        return "promoted"
    if night.candidate_digest is None:
        return "nothing was trained"
    return "not promoted" if night.champion_score is None else "kept the champion"


def prediction_line(prediction: dict[str, Any], said: str) -> str:
    """The prediction server's prediction in one line; `said` are the kind's words for it."""
    return (
        f"prediction server: {said}, from the champion "
        f"{_short(prediction['model_digest'])} trained on dataset version {_short(prediction['dataset_id'])}"
    )


def drawn_lines(drawn: Path, image: Path, server_url: str) -> str:
    """The file with the prediction drawn over its image, and a command that makes it again."""
    asked = f'curl -s --data-binary @{image} -H "Content-Type: application/octet-stream" "{server_url}/predict?draw=1" -o drawn.jpg'
    return f"drawn over its image: {drawn}; the same by hand:\n  {asked}"


def logins(addresses: Addresses, project: str) -> str:
    """Addresses and logins of the web pages."""
    return "\n".join(
        (
            f"Airflow           {addresses.airflow_url}   user {addresses.airflow_user}   password {addresses.airflow_password}",
            f"Label Studio      {addresses.label_studio_url}   {addresses.label_studio_email}   "
            f"password {addresses.label_studio_password}",
            f"MLflow            {addresses.mlflow_url}",
            f"prediction server {addresses.prediction_servers.get(project, '(none)')}   (an image to /predict; see /docs)",
            "The services stay up until `make down`.",
        )
    )


def _row(label: str, cells: list[str]) -> list[str]:
    """A row; long cells continue on the lines below."""
    split = [_wrapped(cell) for cell in cells]
    height = max(len(cell) for cell in split)
    return [
        "".join(
            [
                (label if line == 0 else "").ljust(_LABEL_WIDTH),
                *((cell[line] if line < len(cell) else "").ljust(_COLUMN_WIDTH) for cell in split),
            ]
        ).rstrip()
        for line in range(height)
    ]


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) + 1 > _COLUMN_WIDTH - 2:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _counts(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    return f"{total} ({', '.join(f'{count} {name}' for name, count in sorted(counts.items()))})" if counts else "0"


def _candidate(night: Night) -> str:
    if night.candidate_digest is None:
        return "none"
    return f"{_short(night.candidate_digest)}, version {night.registry_version} in MLflow"


def _score(night: Night) -> str:
    if night.candidate_score is None:
        return "-"
    return f"{_number(night.candidate_score)} ({_number(night.candidate_low)} … {_number(night.candidate_high)})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "none"
