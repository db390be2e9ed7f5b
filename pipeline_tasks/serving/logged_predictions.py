"""Search for predictions in a prediction server's log, including rotated files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import upgraded_fields


def logged_predictions(folder: Path, word: str) -> Iterator[LoggedPrediction]:
    """Yield the logged predictions whose prediction_id or image_id starts with `word`, oldest first.

    A missing log has none; a line that was cut off when its server was killed is skipped.
    """
    for path in sorted(folder.glob("predictions*.jsonl"), key=_age, reverse=True):
        with path.open("rb") as lines:
            for line in lines:
                # Parsing every line as JSON would take a minute for a full log.
                if f'_id":"{word}'.encode() in line and (prediction := _parse(line)) and _is_meant(prediction, word):
                    yield LoggedPrediction.from_json(upgraded_fields(forms.PREDICTION, prediction, str(path)))


def _age(path: Path) -> int:
    """Age of a file: 0 for `predictions.jsonl`, 7 for `predictions.7.jsonl`."""
    number = path.name.split(".")[1]
    return int(number) if number.isdigit() else 0


def _parse(line: bytes) -> JsonObject | None:
    try:
        prediction = json.loads(line)
    except ValueError:
        return None
    return prediction if isinstance(prediction, dict) else None


def _is_meant(prediction: JsonObject, word: str) -> bool:
    return any(str(prediction.get(key, "")).startswith(word) for key in ("prediction_id", "image_id"))
