"""Search for and end of a stack's processes, also of those whose parent was killed: each has a mark in its environment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

STACK_MARK = "NIGHTLENS_STACK"
SERVICE_MARK = "NIGHTLENS_SERVICE"


@dataclass(frozen=True)
class StackProcess:
    """A process of the stack and its service."""

    pid: int
    service: str


def stack_processes(digest: str, postgres_data: Path) -> list[StackProcess]:
    """All running processes of the stack with this digest, except the caller's.

    PostgreSQL overwrites the environment that the kernel shows, so its processes are identified by their working directory.
    """
    mark = f"{STACK_MARK}={digest}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        service = None if pid == os.getpid() else _service_of(folder, mark, postgres_data)
        if service is not None:
            found.append(StackProcess(pid, service))
    return sorted(found, key=lambda process: process.pid)


def end_processes(find: Callable[[], list[int]], wanted_signal: signal.Signals, grace_s: float) -> int:
    """Send a signal to the processes that `find` returns, wait, and kill the rest; returns the number killed."""
    _send(find(), wanted_signal)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and find():
        time.sleep(0.05)
    killed = 0
    for _ in range(100):
        left = find()
        if not left:
            break
        killed = max(killed, len(left))
        _send(left, signal.SIGKILL)
        time.sleep(0.05)
    return killed


def is_alive(pid: int) -> bool:
    """Return True if a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _service_of(folder: Path, mark: bytes, postgres_data: Path) -> str | None:
    """The service of a process; None if it is not the stack's, has ended or is not visible."""
    try:
        variables = (folder / "environ").read_bytes().split(b"\0")
        if mark in variables:
            named = [one.partition(b"=")[2].decode() for one in variables if one.startswith(f"{SERVICE_MARK}=".encode())]
            return named[0] if named else "supervisor"
        return "postgres" if (folder / "cwd").readlink() == postgres_data and is_alive(int(folder.name)) else None
    except OSError:
        return None


def _send(pids: Iterable[int], wanted_signal: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, wanted_signal)
        except ProcessLookupError:
            continue
