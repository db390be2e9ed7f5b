"""Owner of a stack: the process that started it, with which the services end, however it ends, unless it lets them stay.

The supervisor's standard input is a pipe whose other end only its owner holds: the kernel closes it even if the owner is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from local_stack.ending import supervisor_pid
from local_stack.errors import StackError
from local_stack.folders import REPOSITORY, Folders
from local_stack.processes import STACK_MARK
from local_stack.supervisor import read_state

SUPERVISOR = (sys.executable, "-m", "local_stack.supervisor")
STAYS_WITHIN_S = 60.0

_started: dict[str, subprocess.Popen[bytes]] = {}
"""Digest of a home → its supervisor, of those that this process started; an entry holds the pipe open."""


def start_supervisor(folders: Folders, command: Sequence[str] = SUPERVISOR) -> subprocess.Popen[bytes]:
    """Start the supervisor of a home; this process is then the stack's owner."""
    with folders.log_file("supervisor").open("ab") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "NIGHTLENS_HOME": str(folders.home), STACK_MARK: folders.digest},
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[folders.digest] = process
    return process


def let_stay(folders: Folders) -> None:
    """Let a running stack outlive its owner, also if another process is that; does nothing if it already does.

    Raises:
        StackError: the supervisor does not respond.
    """
    if (pid := supervisor_pid(folders)) is None or read_state(folders).get("owner") is None:
        return
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + STAYS_WITHIN_S
    while read_state(folders).get("owner") is not None:
        if supervisor_pid(folders) != pid or time.monotonic() > deadline:
            raise StackError(f"the supervisor, process {pid}, did not let the services stay; see {folders.log_file('supervisor')}")
        time.sleep(0.05)


def _close_in_a_fork() -> None:
    """Close the pipes in a forked child, which would otherwise hold them open after the owner's end."""
    for process in _started.values():
        if process.stdin is not None:
            process.stdin.close()
    _started.clear()


os.register_at_fork(after_in_child=_close_in_a_fork)
