from __future__ import annotations

import json
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.serving.prediction_log import PredictionLog


@contextmanager
def a_disk_without_room_after(max_file_bytes: int) -> Iterator[None]:
    """The kernel refuses to let a file of this process grow beyond a bound, and writes a part of what passes it."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def a_prediction(number: int) -> LoggedPrediction:
    return LoggedPrediction("feed", "", "", {"number": number, "filling": "x" * 20})


def numbers(folder: Path) -> list[int]:
    return [int(str(one.content["number"])) for one in logged_predictions(folder, "feed")]


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


def test_append__is_in_the_file_soon_without_being_asked(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    for number in range(1000):
        log.append(a_prediction(number))

    assert log.flush()
    assert log.waiting_bytes == 0
    assert numbers(tmp_path) == list(range(1000))
    log.close()


@pytest.mark.parametrize("room", [0, 1, 150, 555])
def test_append__goes_on_by_itself_when_a_full_disk_has_room_again(tmp_path: Path, room: int) -> None:
    log = PredictionLog(tmp_path, write_every_s=0.01, try_again_s=0.01)
    with a_disk_without_room_after(room):
        for number in range(20):
            log.append(a_prediction(number))
        assert not log.flush(within_s=0.2), "the disk has no room"
        assert log.waiting_bytes > 0
    assert log.flush()
    log.append(a_prediction(20))
    log.close()

    assert numbers(tmp_path) == list(range(21)), "each line once, whole, in order"
    assert b"\n\n" not in (tmp_path / "predictions.jsonl").read_bytes()


def test_append__counts_what_it_loses_while_the_disk_refuses(tmp_path: Path) -> None:
    lost: Counter[str] = Counter()
    log = PredictionLog(
        tmp_path,
        max_waiting_bytes=1000,
        on_lost=lambda why, lines: lost.update({why: lines}),
        write_every_s=0.01,
        try_again_s=0.01,
    )
    with a_disk_without_room_after(0):
        for number in range(100):
            log.append(a_prediction(number))
        assert log.waiting_bytes <= 1000
        assert lost["full"] > 0
        log.close()
    log.append(a_prediction(100))

    assert numbers(tmp_path) == []
    assert lost["full"] + lost["closed"] == 101


@pytest.mark.parametrize("left", [b'{"prediction_id":"1","image_i', b'{"prediction_id":"1","image_id":"feed","number":7}'])
def test_append__begins_after_the_torn_line_of_a_killed_server(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "predictions.jsonl").write_bytes(left)

    log = PredictionLog(tmp_path)
    log.append(a_prediction(8))
    log.close()

    assert numbers(tmp_path) == ([7, 8] if left.endswith(b"}") else [8])
