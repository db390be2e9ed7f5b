"""Pool of child processes that decode: a file can end a child, never its parent."""

from __future__ import annotations

import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import check_size
from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes
from pipeline_tasks.decoding.limits import DEFAULT_LIMITS, Limits
from pipeline_tasks.decoding.watchdog import Watchdog
from pipeline_tasks.decoding.wire import READY, Request, receive_image, receive_intake_image, send_file
from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError

T = TypeVar("T")

_ENDING_S = 2.0
"""Seconds that a child may take to end by itself."""
_PIPE_BYTES = 1024 * 1024
"""Largest pipe that Linux gives a user by default."""
_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(16 * 1024 * 1024), "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024)}
"""glibc's settings: memory of one file serves the next; giving it back and getting it again took a seventh of a child's time."""


class DecodingPool:
    """Decoding children, started when needed and replaced when a file ends one. Many threads may call `decode`."""

    def __init__(self, workers: int | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        """Use up to `workers` children, by default one more than cores: one waits for its next file while the others decode."""
        self._limits, self._watchdog = limits, Watchdog()
        self._places: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        self._workers = workers or len(os.sched_getaffinity(0)) + 1
        for _ in range(self._workers):
            self._places.put(None)

    def __enter__(self) -> DecodingPool:
        """Return the pool; its children end at the end of the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the children."""
        self.close()

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        """Decode a file in a child.

        Raises:
            RejectedFileError: with one reason of the closed list in `tables.rejected_sighting`.
            ServiceUnavailableError: no child can be started on this machine.
        """
        return self._asked(Request(content, form), receive_image)

    def take_in(self, content: bytes, form: CanonicalForm, sizes: IntakeSizes) -> IntakeImage:
        """Make in a child all that the intake keeps of a file.

        Raises:
            RejectedFileError: with one reason of the closed list in `tables.rejected_sighting`.
            ServiceUnavailableError: no child can be started on this machine.
        """
        return self._asked(Request(content, form, sizes), receive_intake_image)

    def close(self) -> None:
        """End all children; call this when no thread decodes any more."""
        for _ in range(self._workers):
            child = self._places.get()
            if child is not None:
                child.end()
            self._places.put(None)

    def _asked(self, request: Request, receive: Callable[[BinaryIO], T]) -> T:
        check_size(request.content, self._limits)
        try:
            return self._asked_once(request, receive)
        except RejectedFileError as rejection:
            if rejection.reason != "decoder_crashed":
                raise
        # Something else may have ended the child, such as a lack of memory: a second child decides.
        return self._asked_once(request, receive)

    def _asked_once(self, request: Request, receive: Callable[[BinaryIO], T]) -> T:
        child = self._places.get()
        try:
            child = child or _Child(self._limits, self._watchdog)
            return child.ask(request, receive)
        finally:
            if child is not None and not child.is_fit:
                child.end()
                child = None
            self._places.put(child)


class _Child:
    """One child process, working on one file at a time."""

    def __init__(self, limits: Limits, watchdog: Watchdog) -> None:
        """Start it and wait until it is ready.

        Raises:
            ServiceUnavailableError: it did not become ready; no file is to blame.
        """
        self._limits, self._watchdog = limits, watchdog
        self.is_fit = True
        command = [sys.executable, "-P", "-m", "pipeline_tasks.decoding.child", json.dumps(asdict(limits))]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: BinaryIO = self._process.stdin  # type: ignore[assignment]  # Popen says IO[bytes].
        self._results: BinaryIO = self._process.stdout  # type: ignore[assignment]
        _widen(self._requests)
        _widen(self._results)
        if self._results.read(len(READY)) != READY:
            self.end()
            raise ServiceUnavailableError(
                f"decoding child: it ended at its start with exit code {self._process.returncode}: {command[:4]}"
            )

    def ask(self, request: Request, receive: Callable[[BinaryIO], T]) -> T:
        """Send a file and `receive` the result; afterwards `is_fit` tells if the child can take another one."""
        self.is_fit = False
        with self._watchdog.limit(self._limits.max_wall_s, self._process.kill) as ran_out:
            try:
                send_file(self._requests, request)
                result = receive(self._results)
            except RejectedFileError as rejection:
                # After a failed allocation the process is in an unknown state, so it is replaced.
                self.is_fit = rejection.reason != "took_too_much_memory" and not ran_out.is_set()
                raise
            except (EOFError, BrokenPipeError):
                raise self._verdict(ran_out.is_set()) from None
        self.is_fit = not ran_out.is_set()
        return result

    def end(self) -> None:
        """Ask the child to end, and kill it if it does not."""
        for pipe in (self._requests, self._results):
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # It ended already, with something unsent.
        try:
            self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _verdict(self, has_run_out: bool) -> RejectedFileError:
        """Error that names what ended the child."""
        code = self._process.wait()
        if has_run_out:
            return RejectedFileError("took_too_long", f"decoding took more than {self._limits.max_wall_s:g} s")
        if code == -signal.SIGXCPU:
            return RejectedFileError("took_too_long", f"decoding took more than {self._limits.max_cpu_s} s of processor time")
        return RejectedFileError("decoder_crashed", f"the decoding process ended with {code}, twice")


def _widen(pipe: BinaryIO) -> None:
    """Let a pipe hold a whole small image, so that both processes wake up less often; a lower limit of the system is kept."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except PermissionError:
        pass  # Only speed depends on it.


def _environment() -> dict[str, str]:
    """Environment of a child: only what Python needs to import this package, and no secret of the parent."""
    root = Path(__file__).resolve().parent.parent.parent
    path = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(root)}
    return path | {"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"} | _KEPT_MEMORY
