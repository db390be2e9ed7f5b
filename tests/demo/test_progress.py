"""Tests of the progress display."""

from __future__ import annotations

import io

from demo.airflow import TaskState
from demo.progress import Progress, group_counts
from pipeline_tasks.process import TASK_GROUPS


def _task(task_id: str, state: str, map_index: int = -1) -> TaskState:
    return TaskState(task_id, map_index, state, 1, 1.0)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


TASKS = [
    _task("open_cycle", "success"),
    _task("list_new_images", "success"),
    _task("measure_images", "success", 0),
    _task("measure_images", "running", 1),
    _task("record_images", "none"),
    _task("train_model", "skipped"),
]


def test_group_counts__counts_each_shard_and_a_skipped_task_as_over() -> None:
    counts = group_counts(TASKS)

    assert counts["ingest"] == (2, 4)
    assert counts["train"] == (1, 3)
    assert counts["deploy"] == (0, 4)
    assert set(counts) == set(TASK_GROUPS)


def test_progress__prints_a_plain_line_only_after_a_change() -> None:
    stream = io.StringIO()
    progress = Progress(stream)

    for second in range(3):
        progress.show(TASKS, "note", second)
    progress.count(1, 2, "images")
    progress.count(2, 2, "images")

    assert stream.getvalue().count("ingest 2/4") == 1
    assert stream.getvalue().endswith("images: 2\n")


def test_progress__draws_bars_over_each_other_on_a_terminal() -> None:
    stream = _Terminal()
    progress = Progress(stream)

    progress.show(TASKS, "first", 1)
    progress.show(TASKS, "second", 2)
    progress.end()

    assert stream.getvalue().count(f"\x1b[{len(TASK_GROUPS) + 1}A") == 1
    assert "2/4" in stream.getvalue()
