"""Start and stop of a whole stack, for `make up`, `make down` and the integration tests."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from local_stack.addresses import Addresses, read_addresses
from local_stack.checks import refuse_full_disk, refuse_missing_programs, refuse_used_ports
from local_stack.ending import end_stack, end_strays, supervisor_pid
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.logs import last_line
from local_stack.owner import let_stay, start_supervisor
from local_stack.ports import S3_PORTS, SERVICE_PORTS, keep_ports
from local_stack.s3_service import NAME as S3
from local_stack.secret_values import keep_secrets
from local_stack.supervisor import read_state
from local_stack.watch import DEAD, DONE, READY

UP_LIMIT_S = 900.0
Say = Callable[[str], None]


def up(home: Path, say: Say = print, *, with_s3: bool = False, stays: bool = False) -> Addresses:
    """Start the stack of this NIGHTLENS_HOME, or its missing services, and wait until every service is ready.

    The services end with this process, even if it is killed; with `stays`, or if they were up before, they outlive it once all
    are ready. `with_s3` adds an S3 server, which this home then keeps. Reports one line for each service as it gets ready; does
    nothing if all services are up.

    Raises:
        StackError: a program is missing, the disk is full, a port is taken, or a service cannot be started. Everything that
            this call started has then been stopped again; also on Ctrl-C.
    """
    folders = Folders.of(home)
    with alone(folders):
        if (pid := supervisor_pid(folders)) is not None:
            _want_s3(folders, with_s3=with_s3)
            addresses = _join(folders, pid, say)
        else:
            addresses = _start(folders, say, with_s3=with_s3)
        if stays:
            let_stay(folders)
        return addresses


def down(home: Path, say: Say = print) -> None:
    """Stop all processes of this stack in order, also those left by a killed supervisor, and check that none is left.

    Raises:
        StackError: a process could not be stopped.
    """
    end_stack(Folders.of(home), say)
    say("no process of this stack is left")


def reset(home: Path, say: Say = print) -> None:
    """Stop the stack and delete this NIGHTLENS_HOME with all data.

    Raises:
        StackError: the folder was not created by `make up`.
    """
    folders = Folders.of(home)
    if not folders.ports_file.exists():
        raise StackError(f"{folders.home}: found no stack/ports.json, so this is not a NIGHTLENS_HOME; nothing was deleted")
    down(home, say)
    shutil.rmtree(folders.postgres, ignore_errors=True)
    shutil.rmtree(folders.home)
    say(f"deleted {folders.home}")


@contextlib.contextmanager
def alone(folders: Folders) -> Iterator[None]:
    """Lock that makes a second `up` or `restore` wait for this one."""
    folders.stack.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folders.stack / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _join(folders: Folders, pid: int, say: Say) -> Addresses:
    """Join a stack that is already running: restart dead services and wait until all are ready."""
    if any(one["state"] == DEAD for one in read_state(folders)["services"].values()):
        os.kill(pid, signal.SIGHUP)
        time.sleep(1.0)
    return _wait(folders, None, say)


def _start(folders: Folders, say: Say, *, with_s3: bool) -> Addresses:
    _prepare(folders, say, with_s3=with_s3)
    process = start_supervisor(folders)
    try:
        return _wait(folders, process, say)
    except BaseException:  # Ctrl-C too: no stack may stay half-started.
        say("not up; stopping what was started")
        down(folders.home, say=lambda _: None)
        raise


def _prepare(folders: Folders, say: Say, *, with_s3: bool) -> None:
    refuse_missing_programs(folders)
    folders.make()
    refuse_full_disk(folders.home)
    refuse_full_disk(folders.postgres)
    end_strays(folders, say)
    keep_secrets(folders)
    _want_s3(folders, with_s3=with_s3)
    refuse_used_ports(folders, keep_ports(folders, SERVICE_PORTS))
    folders.state_file.unlink(missing_ok=True)


def _want_s3(folders: Folders, *, with_s3: bool) -> None:
    """Choose the ports of an S3 server, by which the supervisor knows that one is wanted."""
    if with_s3:
        keep_secrets(folders)
        keep_ports(folders, S3_PORTS)


def _wait(folders: Folders, process: subprocess.Popen[bytes] | None, say: Say) -> Addresses:
    """Wait until every service is ready or dead and Airflow has the connections."""
    deadline, told = time.monotonic() + UP_LIMIT_S, set[str]()
    while time.monotonic() < deadline:
        _refuse_dead_supervisor(folders, process)
        state = read_state(folders)
        _tell(state["services"], told, say)
        _refuse_dead_services(folders, state["services"])
        if _is_settled(state) and (read_addresses(folders.home).s3 is None or S3 in state["services"]):
            return read_addresses(folders.home)
        time.sleep(0.2)
    waiting = [name for name, one in state["services"].items() if one["state"] not in (READY, DONE, DEAD)]
    missing = ", ".join(waiting) or f"Airflow's connections ({state['trouble']})"
    raise StackError(f"not ready after {UP_LIMIT_S:.0f} s: {missing}; see `make status` and `make logs`")


def _is_settled(state: dict[str, Any]) -> bool:
    services = state["services"].values()
    return bool(services) and all(one["state"] in (READY, DONE, DEAD) for one in services) and bool(state["connections"])


def _tell(services: dict[str, Any], told: set[str], say: Say) -> None:
    """Report one line for each service that is ready, or dead but not essential."""
    for name, one in services.items():
        if name in told or one["state"] not in (READY, DONE, DEAD):
            continue
        told.add(name)
        say(
            f"  {name:24} dead: {one['detail']}"
            if one["state"] == DEAD
            else f"  {name:24} {one['state']:6} {one['ready_after_s'] or 0.0:5.1f} s  {one['address']}"
        )


def _refuse_dead_supervisor(folders: Folders, process: subprocess.Popen[bytes] | None) -> None:
    is_dead = supervisor_pid(folders) is None if process is None else process.poll() is not None
    if is_dead:
        log = folders.log_file("supervisor")
        raise StackError(f"the supervisor ended: {last_line(log) or 'without a message'}; see {log}")


def _refuse_dead_services(folders: Folders, services: dict[str, Any]) -> None:
    for name, one in services.items():
        if one["state"] == DEAD and one["is_essential"]:
            raise StackError(f"{name} does not start: {one['detail']}; its log is {folders.log_file(name)}")
