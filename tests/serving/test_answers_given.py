from __future__ import annotations

from pathlib import Path

from pipeline_tasks.serving.answers_given import answers_given
from pipeline_tasks.serving.prediction_log import PredictionLog


def test_answers_given__finds_by_either_id_through_rotated_files_oldest_first(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, max_file_bytes=200)
    for number in range(8):
        log.append({"prediction_id": f"{number}abc", "image_id": f"feed{number % 2}", "class_name": "1abc"})
    log.close()

    assert len(list(tmp_path.iterdir())) > 2
    assert [one["prediction_id"] for one in answers_given(tmp_path, "feed1")] == ["1abc", "3abc", "5abc", "7abc"]
    assert [one["image_id"] for one in answers_given(tmp_path, "1ab")] == ["feed1"]
    assert list(answers_given(tmp_path, "eed1")) == []


def test_answers_given__passes_over_a_line_that_was_cut_off(tmp_path: Path) -> None:
    whole = '{"prediction_id":"1","image_id":"2"}'
    (tmp_path / "predictions.jsonl").write_text(f'{whole}\n{whole[:-3]}\n["_id":"1"]\n')

    assert len(list(answers_given(tmp_path, "1"))) == 1


def test_answers_given__of_no_log_are_none(tmp_path: Path) -> None:
    assert list(answers_given(tmp_path / "nowhere", "1")) == []
