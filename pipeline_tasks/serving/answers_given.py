"""Finds answers in a prediction server's log, the rotated files included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def answers_given(folder: Path, word: str) -> Iterator[dict[str, Any]]:
    """Yield the logged answers whose prediction_id or image_id starts with `word`, oldest first.

    A log that is not there has none; a line that was cut off when its server was killed is passed over.
    """
    for path in sorted(folder.glob("predictions*.jsonl"), key=_age, reverse=True):
        with path.open("rb") as lines:
            for line in lines:
                # Reading every line as JSON would take a minute for a full log.
                if f'_id":"{word}'.encode() in line and (answer := _parse(line)) and _is_meant(answer, word):
                    yield answer


def _age(path: Path) -> int:
    """`predictions.jsonl` is the youngest file, `predictions.7.jsonl` the oldest."""
    number = path.name.split(".")[1]
    return int(number) if number.isdigit() else 0


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _is_meant(answer: dict[str, Any], word: str) -> bool:
    return any(str(answer.get(key, "")).startswith(word) for key in ("prediction_id", "image_id"))
