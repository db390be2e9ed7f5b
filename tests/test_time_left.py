from __future__ import annotations

import logging

import pytest

from pipeline_tasks.time_left import time_left, with_progress


@pytest.mark.parametrize(
    ("done", "seconds", "said"),
    [
        (0, 0, ""),
        (50, 3, ", about 3 s left"),
        (10, 9, ", about 1 min left"),
        (25, 60, ", about 3 min left"),
        (1, 300, ", about 8 h left"),
        (100, 9, ""),
    ],
)
def test_time_left__is_in_proportion_to_what_is_done(done: int, seconds: float, said: str) -> None:
    assert time_left(done, 100, seconds) == said


def test_with_progress__yields_every_item_and_logs_each_tenth(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert list(with_progress(range(25), 25, "images compared", logging.getLogger("test"))) == list(range(25))

    said = [record.getMessage().split(", about")[0] for record in caplog.records]
    assert said[:2] == ["images compared: 2 of 25", "images compared: 4 of 25"]
    assert said[-1] == "images compared: 25 of 25"
    assert len(said) == 13
