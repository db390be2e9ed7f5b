"""Log of every prediction, without pixels and with a bound on its size."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked


class PredictionLog:
    """JSON lines in `predictions.jsonl`; a full file becomes `predictions.1.jsonl`, and so on up to `files` files."""

    def __init__(self, folder: Path, max_file_bytes: int = 16_000_000, files: int = 8) -> None:
        """Append to the log in `folder`, after the lines of earlier servers."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._max_file_bytes, self._files = folder, max_file_bytes, files
        self._lock = threading.Lock()
        self._open()

    def append(self, prediction: LoggedPrediction) -> None:
        """Write one prediction; it is in the file, not only in memory, when this returns."""
        line = json.dumps(marked(forms.PREDICTION, prediction.as_json()), separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._file.tell() and self._file.tell() + len(line) > self._max_file_bytes:
                self._rotate()
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _open(self) -> None:
        self._file = self._path(0).open("ab")
        self._file.seek(0, 2)

    def _rotate(self) -> None:
        """Renumber every file one higher; the oldest is deleted."""
        self._file.close()
        for number in range(self._files - 2, -1, -1):
            if self._path(number).exists():
                self._path(number).replace(self._path(number + 1))
        self._open()

    def _path(self, number: int) -> Path:
        return self._folder / (f"predictions.{number}.jsonl" if number else "predictions.jsonl")
