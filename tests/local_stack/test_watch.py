"""Tests of watching a service with real processes: started, found ready, restarted when it dies, ended with all its children."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.logs import last_line
from local_stack.processes import end_processes, stack_processes
from local_stack.service import Service, environment_for
from local_stack.watch import DEAD, DONE, ENDED, READY, Watch

_SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
_LEAVES_A_CHILD = (sys.executable, "-c", "import subprocess, sys; subprocess.Popen(['sleep', '60']).wait()")

StartWatch = Callable[[Service], Watch]


@pytest.fixture
def start(folders: Folders) -> Iterator[StartWatch]:
    """Starts watches and ends them all after the test."""
    watches: list[Watch] = []

    def start_watch(service: Service) -> Watch:
        watch = Watch(service, folders, lambda _: True, lambda name: _pids(folders, name), threading.Event())
        watches.append(watch)
        watch.start()
        return watch

    yield start_watch
    for watch in watches:
        watch.stop()
        watch.join(10)
        assert not watch.is_alive()


def test_watch__finds_a_service_ready_and_ends_it(folders: Folders, start: StartWatch) -> None:
    watch = start(_service(folders, _SLEEPS))
    _until(lambda: watch.seen.state == READY)
    watch.stop()
    watch.join(10)
    assert watch.seen.state == ENDED
    assert _pids(folders, "sleeper") == []


@pytest.mark.slow
def test_watch__starts_a_killed_service_again_and_ends_its_orphans(folders: Folders, start: StartWatch) -> None:
    watch = start(_service(folders, _LEAVES_A_CHILD))
    _until(lambda: len(_pids(folders, "sleeper")) == 2)
    leader, before = watch.seen.pid, _pids(folders, "sleeper")
    assert leader is not None
    os.kill(leader, signal.SIGKILL)
    _until(lambda: watch.seen.restarts == 1 and len(_pids(folders, "sleeper")) == 2)
    assert not set(before) & set(_pids(folders, "sleeper"))


@pytest.mark.slow
def test_watch__gives_up_after_repeated_exits_and_starts_again_on_request(
    folders: Folders, start: StartWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_stack.watch.MAX_DEATHS", 2)
    watch = start(_service(folders, (sys.executable, "-c", "raise SystemExit('no such project')")))
    _until(lambda: watch.seen.state == DEAD)
    assert watch.seen.detail == "ended with code 1: no such project; not restarted after 2 tries"
    watch.revive()
    _until(lambda: watch.seen.state != DEAD)
    _until(lambda: watch.seen.state == DEAD)
    assert watch.seen.restarts == 3


def test_watch__says_so_when_preparing_fails(folders: Folders, start: StartWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_stack.watch.MAX_DEATHS", 1)

    def prepare() -> None:
        raise StackError("the cluster cannot be made")

    watch = start(replace(_service(folders, _SLEEPS), prepare=prepare))
    _until(lambda: watch.seen.state == DEAD)
    assert watch.seen.detail.startswith("the cluster cannot be made")


@pytest.mark.slow
def test_watch__refuses_a_port_of_another_process(folders: Folders, start: StartWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_stack.watch.MAX_DEATHS", 1)
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        watch = start(replace(_service(folders, _SLEEPS), port=somebody.getsockname()[1]))
        _until(lambda: watch.seen.state == DEAD)
    assert f"used by process {os.getpid()}" in watch.seen.detail
    assert watch.seen.pid is None


def test_watch__ends_after_a_step_that_succeeded(folders: Folders, start: StartWatch) -> None:
    watch = start(replace(_service(folders, (sys.executable, "-c", "")), is_step=True))
    _until(lambda: watch.seen.state == DONE)
    watch.join(5)
    assert watch.seen.restarts == 0


def test_watch__says_when_a_service_no_longer_answers(folders: Folders, start: StartWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_stack.watch._ASK_WHEN_READY_S", 0.1)
    answer = folders.home / "answers"
    answer.touch()
    watch = start(replace(_service(folders, _SLEEPS), responds=lambda _: answer.exists()))
    _until(lambda: watch.seen.state == READY)
    answer.unlink()
    _until(lambda: watch.seen.state == "not answering")
    answer.touch()
    _until(lambda: watch.seen.state == READY)


def test_watch__waits_for_what_a_service_needs(folders: Folders, tmp_path: Path) -> None:
    needed = tmp_path / "ready"
    service = replace(_service(folders, _SLEEPS), needs=("postgres",))
    watch = Watch(service, folders, lambda _: needed.exists(), lambda name: _pids(folders, name), threading.Event())
    watch.start()
    time.sleep(0.3)
    assert watch.seen.state == "waiting"
    needed.touch()
    _until(lambda: watch.seen.state == READY)
    watch.stop()
    watch.join(10)


@pytest.mark.slow
def test_end_processes__kills_a_process_that_ignores_the_signal(folders: Folders, start: StartWatch) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    watch = start(_service(folders, (sys.executable, "-c", code)))
    _until(lambda: last_line(folders.log_file("sleeper")) == "deaf")
    pid = watch.seen.pid
    assert end_processes(lambda: [one for one in _pids(folders, "sleeper") if one == pid], signal.SIGTERM, 0.3) == 1


def _service(folders: Folders, command: tuple[str, ...]) -> Service:
    return Service(
        name="sleeper",
        command=command,
        environment=environment_for(folders, "sleeper"),
        responds=lambda _: True,
        stop_grace_s=2.0,
    )


def _pids(folders: Folders, service: str) -> list[int]:
    return [process.pid for process in stack_processes(folders.digest, Path("/nowhere")) if process.service == service]


def _until(is_so: Callable[[], bool], limit_s: float = 15.0) -> None:
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
