"""Tests of a stack's owner with real processes: services end with the process that started them, unless it lets them stay."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from local_stack.ending import end_stack, supervisor_pid
from local_stack.folders import REPOSITORY, Folders
from local_stack.kept_json import read_json
from local_stack.postgres_service import data_folder, postgres_service
from local_stack.processes import is_alive, stack_processes
from local_stack.service import Service, environment_for
from local_stack.status import status
from local_stack.supervisor import main, read_state
from local_stack.watch import READY

_LEAVES_A_CHILD = (sys.executable, "-c", "import subprocess; subprocess.Popen(['sleep', '600']).wait()")
_OWNER = """
import os, signal, sys
from pathlib import Path
from local_stack.folders import Folders
from local_stack.owner import let_stay, start_supervisor

folders = Folders.of(Path(sys.argv[1]))
start_supervisor(folders, [sys.executable, sys.argv[2], sys.argv[3]])
if sys.argv[4] == "fork" and os.fork() == 0:
    print(os.getpid(), flush=True)
    signal.pause()
for line in sys.stdin:
    let_stay(folders)
    print("stay", flush=True)
"""
"""A program that starts a supervisor with the named services, and lets them stay at each line."""

StartOwner = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_owner(prepared: Folders) -> Iterator[StartOwner]:
    """Starts the owner of a stack of these services; ends both after the test."""
    owners = []

    def start(services: str = "sleeper", how: str = "alone") -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _OWNER, str(prepared.home), __file__, services, how]
        owner = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        owners.append(owner)
        _until(lambda: read_state(prepared)["services"].get(services, {}).get("state") == READY)
        return owner

    yield start
    for owner in owners:
        owner.kill()
        owner.communicate()
    end_stack(prepared, say=lambda _: None)
    shutil.rmtree(prepared.postgres, ignore_errors=True)


def test_services__end_when_their_owner_is_killed(prepared: Folders, start_owner: StartOwner) -> None:
    owner = start_owner()
    _until(lambda: len(_processes(prepared)) == 3)  # The supervisor, the service and its child.
    assert f"these services end with process {owner.pid}, which started them" in status(prepared)[0]

    owner.kill()

    _until(lambda: _processes(prepared) == [])
    assert f"process {owner.pid}, which started the services, has ended" in prepared.log_file("supervisor").read_text()


def test_services__end_with_their_owner_though_a_forked_child_of_it_lives_on(prepared: Folders, start_owner: StartOwner) -> None:
    owner = start_owner(how="fork")
    child = int(owner.stdout.readline())  # type: ignore[union-attr]
    try:
        owner.kill()

        _until(lambda: _processes(prepared) == [])
        assert is_alive(child)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_services__that_may_stay_outlive_their_owner(prepared: Folders, start_owner: StartOwner) -> None:
    owner = start_owner()
    supervisor, leader = supervisor_pid(prepared), read_state(prepared)["services"]["sleeper"]["pid"]
    owner.stdin.write("stay\n")  # type: ignore[union-attr]
    owner.stdin.flush()  # type: ignore[union-attr]
    assert owner.stdout.readline() == "stay\n"  # type: ignore[union-attr]
    assert "these services end with" not in status(prepared)[0]

    owner.kill()
    owner.wait()
    os.kill(leader, signal.SIGKILL)

    _until(lambda: [read_state(prepared)["services"]["sleeper"][key] for key in ("restarts", "state")] == [1, READY])
    assert supervisor_pid(prepared) == supervisor, "it went on without its owner, and started the killed service again"


@pytest.mark.slow
def test_postgres__ends_when_the_owner_is_killed(prepared: Folders, start_owner: StartOwner) -> None:
    owner = start_owner("postgres")
    assert len([one for one in stack_processes(prepared.digest, data_folder(prepared)) if one.service == "postgres"]) > 1

    owner.kill()

    _until(lambda: _processes(prepared) == [])


def _processes(folders: Folders) -> list[int]:
    return [one.pid for one in stack_processes(folders.digest, data_folder(folders)) if is_alive(one.pid)]


def _until(is_so: Callable[[], bool], limit_s: float = 120.0) -> None:
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def _services(folders: Folders) -> list[Service]:
    """The one service that the supervisor of a test has."""
    if sys.argv[1] == "postgres":
        return [postgres_service(folders, read_json(folders.ports_file), read_json(folders.secrets_file))]
    return [Service("sleeper", _LEAVES_A_CHILD, environment_for(folders, "sleeper"), responds=lambda _: True)]


if __name__ == "__main__":
    main(_services)
