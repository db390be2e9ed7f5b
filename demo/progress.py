"""Progress display of a run: one bar a task group on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from demo.airflow import TaskState
from pipeline_tasks.process import TASK_GROUPS

_WIDTH = 24
_DONE = ("success", "skipped", "failed", "upstream_failed", "removed")


def group_counts(tasks: Sequence[TaskState]) -> dict[str, tuple[int, int]]:
    """Group → (finished tasks, all tasks); a mapped task counts once for each shard."""
    counts = {}
    for group, names in TASK_GROUPS.items():
        own = [task for task in tasks if task.task_id in names]
        counts[group] = (sum(task.state in _DONE for task in own), max(len(own), len(names)))
    return counts


class Progress:
    """Progress bars that are redrawn in place, or a line whenever a group advances."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        """Draw on this stream."""
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._drawn = 0
        self._last = ""

    def show(self, tasks: Sequence[TaskState], note: str, seconds: float) -> None:
        """Show the state of the tasks."""
        counts = group_counts(tasks)
        if self._is_terminal:
            self._redraw([_bar(group, *counted) for group, counted in counts.items()] + [f"  {seconds:4.0f} s  {note}"])
            return
        line = "  ".join(f"{group} {done}/{total}" for group, (done, total) in counts.items())
        if line != self._last:
            self._stream.write(f"  {seconds:4.0f} s  {line}  {note}\n")
            self._stream.flush()
            self._last = line

    def count(self, done: int, total: int, what: str) -> None:
        """Show a single count on one line: continuously on a terminal, elsewhere only at the end."""
        if self._is_terminal:
            self._stream.write(f"\r{_bar(what, done, total)}" + ("\n" if done == total else ""))
        elif done == total:
            self._stream.write(f"  {what}: {total}\n")
        self._stream.flush()

    def end(self) -> None:
        """Keep the last display on the screen."""
        self._drawn, self._last = 0, ""

    def _redraw(self, lines: list[str]) -> None:
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._stream.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
        self._stream.flush()
        self._drawn = len(lines)


def _bar(name: str, done: int, total: int) -> str:
    filled = round(_WIDTH * done / total) if total else _WIDTH
    return f"  {name:10} {'█' * filled}{'░' * (_WIDTH - filled)} {done:3}/{total}"
