from __future__ import annotations

from pathlib import Path

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.serving.prediction_log import PredictionLog


def test_logged_predictions__finds_by_either_id_through_rotated_files_oldest_first(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, max_file_bytes=200)
    for number in range(8):
        log.append(LoggedPrediction(f"feed{number % 2}", "", "", {"class_name": "1abc"}, prediction_id=f"{number}abc"))
    log.close()

    assert len(list(tmp_path.iterdir())) > 2
    assert [one.prediction_id for one in logged_predictions(tmp_path, "feed1")] == ["1abc", "3abc", "5abc", "7abc"]
    assert [one.image_id for one in logged_predictions(tmp_path, "1ab")] == ["feed1"]
    assert list(logged_predictions(tmp_path, "eed1")) == []


def test_logged_predictions__skips_an_incomplete_line(tmp_path: Path) -> None:
    whole = '{"prediction_id":"1","image_id":"2"}'
    (tmp_path / "predictions.jsonl").write_text(f'{whole}\n{whole[:-3]}\n["_id":"1"]\n')

    assert len(list(logged_predictions(tmp_path, "1"))) == 1


def test_logged_predictions__are_read_as_they_were_logged(tmp_path: Path) -> None:
    content: dict[str, Json] = {
        "class_name": "bolt",
        "probability": 0.9,
        "probabilities": {"bolt": 0.9, "nut": 0.1},
        "is_unsure": False,
    }
    wanted = LoggedPrediction("1" * 64, "2" * 64, "3" * 64, content, "4" * 32, "champion", "2026-11-22T08:00:00.000+00:00", 0.01)
    log = PredictionLog(tmp_path)
    log.append(wanted)
    log.close()

    assert list(logged_predictions(tmp_path, "4444")) == [wanted]
    assert wanted.response() == {
        "prediction_id": "4" * 32,
        "image_id": "1" * 64,
        "model_digest": "2" * 64,
        "dataset_id": "3" * 64,
        "route": "champion",
        **content,
    }


def test_logged_predictions__of_no_log_are_none(tmp_path: Path) -> None:
    assert list(logged_predictions(tmp_path / "nowhere", "1")) == []
