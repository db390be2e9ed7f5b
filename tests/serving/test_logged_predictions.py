from __future__ import annotations

from pathlib import Path

from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.serving.prediction_log import PredictionLog


def test_logged_predictions__finds_by_either_id_through_rotated_files_oldest_first(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, max_file_bytes=200)
    for number in range(8):
        log.append({"prediction_id": f"{number}abc", "image_id": f"feed{number % 2}", "class_name": "1abc"})
    log.close()

    assert len(list(tmp_path.iterdir())) > 2
    assert [one["prediction_id"] for one in logged_predictions(tmp_path, "feed1")] == ["1abc", "3abc", "5abc", "7abc"]
    assert [one["image_id"] for one in logged_predictions(tmp_path, "1ab")] == ["feed1"]
    assert list(logged_predictions(tmp_path, "eed1")) == []


def test_logged_predictions__passes_over_a_line_that_was_cut_off(tmp_path: Path) -> None:
    whole = '{"prediction_id":"1","image_id":"2"}'
    (tmp_path / "predictions.jsonl").write_text(f'{whole}\n{whole[:-3]}\n["_id":"1"]\n')

    assert len(list(logged_predictions(tmp_path, "1"))) == 1


def test_logged_predictions__of_no_log_are_none(tmp_path: Path) -> None:
    assert list(logged_predictions(tmp_path / "nowhere", "1")) == []
