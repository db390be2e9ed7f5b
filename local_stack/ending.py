"""End of a stack: the supervisor stops its services in order; processes left by a killed supervisor are found by their mark."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.postgres_service import data_folder
from local_stack.processes import STACK_MARK, end_processes, is_alive, stack_processes
from local_stack.supervisor import stop_waves

DOWN_LIMIT_S = 120.0


def end_stack(folders: Folders, say: Callable[[str], None]) -> None:
    """Stop all processes of a stack and check that none is left.

    Raises:
        StackError: a process could not be stopped.
    """
    _end_supervisor(folders, say)
    end_strays(folders, say)
    end_processes(lambda: [process.pid for process in stack_processes(folders.digest, data_folder(folders))], signal.SIGKILL, 0.0)
    left = stack_processes(folders.digest, data_folder(folders))
    if left:
        raise StackError(f"processes {[process.pid for process in left]} of {folders.home} could not be stopped; kill them by hand")


def end_strays(folders: Folders, say: Callable[[str], None]) -> None:
    """Stop processes that a killed supervisor left, in the usual order; a supervisor first, so that it restarts nothing."""
    strays = stack_processes(folders.digest, data_folder(folders))
    if strays:
        say(f"stopping {len(strays)} processes left by an earlier stack")
    for wave in [["supervisor"], *stop_waves(sorted({process.service for process in strays} - {"supervisor"}))]:
        wanted = signal.SIGINT if wave == ["postgres"] else signal.SIGTERM
        end_processes(lambda wave=wave: _pids(folders, wave), wanted, 10.0)  # type: ignore[misc]


def supervisor_pid(folders: Folders) -> int | None:
    """Process id of this home's running supervisor, or None."""
    try:
        pid = int(folders.lock_file.read_text())
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if is_alive(pid) and f"{STACK_MARK}={folders.digest}".encode() in variables else None


def _end_supervisor(folders: Folders, say: Callable[[str], None]) -> None:
    pid = supervisor_pid(folders)
    if pid is None:
        return
    say("stopping the services")
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_LIMIT_S
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    with contextlib.suppress(ChildProcessError):  # If `up` and `down` are called in one process, the supervisor is its child.
        os.waitpid(pid, os.WNOHANG)


def _pids(folders: Folders, services: list[str]) -> list[int]:
    found = stack_processes(folders.digest, data_folder(folders))
    return [process.pid for process in found if process.service in services]
