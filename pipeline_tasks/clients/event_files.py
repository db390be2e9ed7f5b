"""TensorBoard's event files of trainings: always written, on this machine; `tensorboard --logdir` shows them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.json_values import Json

MOST_RUNS = 100
"""Folders that stay; the oldest beyond it are deleted when a new one starts."""


class EventFiles:
    """Files of one training at a time, in a folder of its own below the project's.

    Each try adds a file to the training's folder, and TensorBoard shows them as one run. A file is written in this thread:
    a writer with a queue would wait for ever once the disk is full.
    """

    def __init__(self, folder: Path, run: str) -> None:
        """Keep the files of trainings under `folder`; `run` names the training's own."""
        self._folder, self._run = folder, run
        self._writer: Any = None

    def start(self, settings: Mapping[str, Json]) -> None:
        """Begin a file with these settings as text, and delete the folders of the oldest trainings beyond `MOST_RUNS`.

        Raises:
            ServiceUnavailableError: the folder cannot be written.
        """
        with self._errors():
            mine = self._folder / self._run
            mine.mkdir(parents=True, exist_ok=True)
            self._drop_oldest(mine)
            # Imported late, because it brings torch along.
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.summary import text

            self._writer = EventsWriter(str(mine / "events"), f".{os.getpid()}.{time.monotonic_ns()}")
            self._write(0, text("settings", "\n".join(f"- **{key}**: {value}" for key, value in settings.items())))

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Write one epoch's metrics; an epoch that a resumed training repeats is shown once."""
        if self._writer is None:
            return
        from tensorboardX.summary import scalar

        with self._errors():
            for name, value in metrics.items():
                self._write(epoch, scalar(name, float(value)))

    def flush(self) -> None:
        """Bring what was written to the disk."""
        if self._writer is not None:
            with self._errors():
                self._writer.flush()

    def finish(self) -> None:
        """End the file."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with self._errors():
                writer.close()

    def _write(self, step: int, summary: Any) -> None:
        from tensorboardX.proto.event_pb2 import Event

        self._writer.write_event(Event(wall_time=time.time(), step=step, summary=summary))

    def _drop_oldest(self, mine: Path) -> None:
        """Delete the trainings that were written to longest ago; a link is never followed."""
        others = [one for one in self._folder.iterdir() if one.is_dir() and not one.is_symlink() and one != mine]
        others.sort(key=lambda one: (one.stat().st_mtime_ns, one.name))
        for one in others[: max(0, len(others) + 1 - MOST_RUNS)]:
            shutil.rmtree(one, ignore_errors=True)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise errors of the disk as ours."""
        try:
            yield
        except OSError as error:
            raise ServiceUnavailableError(f"TensorBoard's files in {self._folder / self._run} were not written: {error}") from error
