from __future__ import annotations

import pytest

from pipeline_tasks.time_left import time_left


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
