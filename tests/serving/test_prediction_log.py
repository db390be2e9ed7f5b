from __future__ import annotations

import json
from pathlib import Path

from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.serving.prediction_log import PredictionLog


def test_append__continues_the_log_of_an_earlier_server(tmp_path: Path) -> None:
    for number in range(2):
        log = PredictionLog(tmp_path)
        log.append(LoggedPrediction("", "", "", {"number": number}))
        log.close()

    assert [json.loads(line)["number"] for line in (tmp_path / "predictions.jsonl").open()] == [0, 1]


def test_append__never_grows_beyond_its_bound_and_keeps_the_newest(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, max_file_bytes=200, files=3)
    for number in range(100):
        log.append(LoggedPrediction("", "", "", {"number": number, "filling": "x" * 20}))
    log.close()

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["predictions.1.jsonl", "predictions.2.jsonl", "predictions.jsonl"]
    assert all(file.stat().st_size <= 200 for file in files)
    order = [tmp_path / "predictions.2.jsonl", tmp_path / "predictions.1.jsonl", tmp_path / "predictions.jsonl"]
    kept = [json.loads(line)["number"] for file in order for line in file.open()]
    assert kept == list(range(100 - len(kept), 100))
