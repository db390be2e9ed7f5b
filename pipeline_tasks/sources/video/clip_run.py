"""A clip decoded in a child process with limits: whatever a file does, it ends the child at worst."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json
from pipeline_tasks.sources.video.job import ClipJob, receive

MAX_MEMORY_BYTES = 2 * 1024**3
"""Address space of a child; the libraries alone take 0.3 GB of it."""
WALL_TIMES = 4
"""Elapsed time of a clip, as a multiple of its processor time, on machines that do other things, too."""


@dataclass(frozen=True)
class ClipEnding:
    """End of a clip, as the child said it or as its death tells."""

    frames: int = 0
    last_s: float = 0.0
    has_more: bool = False
    created_at: str | None = None
    reason: str | None = None
    detail: str = ""


class ClipRun:
    """One look at one clip. Iterate, and then ask for `ending`."""

    def __init__(self, job: ClipJob) -> None:
        """Start nothing yet."""
        self._job = job
        self.ending = ClipEnding()

    def __iter__(self) -> Iterator[tuple[Mapping[str, Json], bytes]]:
        """Yield what the child says of each frame, and its bytes."""
        command = [sys.executable, "-P", "-m", "pipeline_tasks.sources.video.child", self._job.as_json]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            pass_fds=(self._job.file,),
        )
        has_run_out = threading.Event()

        def run_out() -> None:
            has_run_out.set()
            process.kill()

        timer = threading.Timer(self._job.max_s * WALL_TIMES, run_out)
        timer.daemon = True
        timer.start()
        results: BinaryIO = process.stdout  # type: ignore[assignment]  # Popen says IO[bytes].
        said: Mapping[str, Json] | None = None
        try:
            while said is None and (message := receive(results)) is not None:
                if "end" in message[0]:
                    said = message[0]
                else:
                    yield message
        finally:
            timer.cancel()
            results.close()
            code = _ended(process)
        self.ending = _died(code, self._job.max_s, has_run_out.is_set()) if said is None else _ending(said)


def require_av(source: str) -> None:
    """Check that PyAV is there, without loading it.

    Raises:
        SettingsError: it is not.
    """
    if importlib.util.find_spec("av") is None:
        raise SettingsError(f"source {source}: kind video needs PyAV; run pip install -r requirements-video.txt")


def _ended(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _ending(said: Mapping[str, Json]) -> ClipEnding:
    fields = json.loads(json.dumps(said["end"]))
    return ClipEnding(**fields)


def _died(code: int, max_s: float, has_run_out: bool) -> ClipEnding:
    if has_run_out:
        return ClipEnding(reason="took_too_long", detail=f"decoding took more than {max_s * WALL_TIMES:g} s")
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return ClipEnding(reason="took_too_long", detail=f"decoding took more than {max_s:g} s of processor time")
    return ClipEnding(reason="decoder_crashed", detail=f"the decoding process ended with {code}")


def _environment() -> dict[str, str]:
    """Environment of a child: what Python needs to import this package and PyAV, and no secret of the parent."""
    found = importlib.util.find_spec("av")
    folders = [Path(__file__).resolve().parents[3]]
    folders += [] if found is None or found.origin is None else [Path(found.origin).parents[1]]
    path = os.pathsep.join(map(str, folders))
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
