"""Watch of one service: waits for the services it needs, starts it, checks it, restarts it when it dies."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.logs import last_line
from local_stack.ports import holder, is_free
from local_stack.processes import end_processes
from local_stack.service import Service

READY, DONE, DEAD, ENDED = "ready", "done", "dead", "ended"
MAX_DEATHS = 5
"""Consecutive deaths, each within `STEADY_S` of becoming ready, after which a service is not restarted."""
STEADY_S = 10.0
_ASK_WHILE_STARTING_S = 0.3
_ASK_WHEN_READY_S = 5.0
_LONGEST_PAUSE_S = 30.0


@dataclass
class Seen:
    """Last state that the watch saw of its service."""

    state: str = "waiting"
    detail: str = ""
    pid: int | None = None
    restarts: int = 0
    started_at: float = 0.0
    ready_after_s: float | None = None


class Watch(threading.Thread):
    """One thread a service; `seen` may be read from others."""

    def __init__(
        self,
        service: Service,
        folders: Folders,
        is_ready: Callable[[str], bool],
        find: Callable[[str], list[int]],
        changed: threading.Event,
    ) -> None:
        """Watch a service; `is_ready` checks the services it needs, `find` finds its processes, `changed` is set on a change."""
        super().__init__(name=service.name, daemon=True)
        self.service, self.folders, self.seen = service, folders, Seen()
        self._is_ready, self._find, self._changed = is_ready, lambda: find(service.name), changed
        self._stop_asked, self._revive_asked = threading.Event(), threading.Event()

    def run(self) -> None:
        """Start and restart the service until asked to stop."""
        try:
            self._live()
        finally:
            if self.seen.state not in (DONE, ENDED):
                self._say(DEAD, f"its watch failed, see {self.folders.log_file('supervisor')}")

    def stop(self) -> None:
        """Ask the service to stop; `join` waits for it."""
        self._stop_asked.set()
        self._revive_asked.set()

    def revive(self) -> None:
        """Restart a dead service."""
        if self.seen.state == DEAD:
            self._revive_asked.set()

    def _live(self) -> None:
        deaths = 0
        while not self._stop_asked.is_set() and self.seen.state != DONE:
            reason, was_steady = self._live_once()
            if self._stop_asked.is_set() or self.seen.state == DONE:
                break
            deaths = 1 if was_steady else deaths + 1
            if deaths >= MAX_DEATHS:
                self._say(DEAD, f"{reason}; not restarted after {deaths} tries")
                self._await_revival()
                deaths = 0
            else:
                self._pause(reason, min(0.5 * 2 ** (deaths - 1), _LONGEST_PAUSE_S))
            self.seen.restarts += 1
        if self._stop_asked.is_set():
            self._say(ENDED)

    def _live_once(self) -> tuple[str, bool]:
        """Run the service once; return why it ended, and True if it was ready for a while."""
        self._say("waiting")
        while not all(self._is_ready(name) for name in self.service.needs):
            if self._stop_asked.wait(0.1):
                return "stopped", False
        try:
            self._refuse_used_port()
            self.service.prepare()
            process = self._start()
            try:
                return self._accompany(process)
            finally:
                self._end(process)
        except (StackError, OSError) as error:
            return str(error), False

    def _refuse_used_port(self) -> None:
        """Refuse a port in use, because some programs silently take another one or fail with an unclear message."""
        port, deadline = self.service.port, time.monotonic() + 3.0
        while port is not None and not is_free(port):
            if time.monotonic() > deadline:
                raise StackError(used_port(self.folders, self.service.name, port))
            time.sleep(0.1)

    def _start(self) -> subprocess.Popen[bytes]:
        with self.folders.log_file(self.service.name).open("ab") as log:
            process = subprocess.Popen(
                self.service.command,
                env=dict(self.service.environment),
                cwd=self.folders.stack if self.service.name != "postgres" else "/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.seen.pid, self.seen.started_at = process.pid, time.time()
        self._say("starting")
        return process

    def _accompany(self, process: subprocess.Popen[bytes]) -> tuple[str, bool]:
        """Check the process until it dies or is asked to stop."""
        pause_s, ready_since = _ASK_WHILE_STARTING_S, None
        while not self._stop_asked.is_set():
            if (code := process.poll()) is not None:
                return self._ended_by_itself(code), ready_since is not None and time.monotonic() - ready_since > STEADY_S
            if not self.service.is_step and self.service.responds(self.seen.started_at):
                ready_since, pause_s = self._note_ready(ready_since), _ASK_WHEN_READY_S
            elif ready_since is not None:
                self._say("not answering")
                pause_s = _ASK_WHILE_STARTING_S
            elif time.time() - self.seen.started_at > self.service.start_limit_s:
                return f"it was not ready {self.service.start_limit_s:.0f} s after its start", False
            self._sleep_beside(process, pause_s)
        return "stopped", False

    def _note_ready(self, ready_since: float | None) -> float:
        if ready_since is None:
            self.service.complete()
            self.seen.ready_after_s = time.time() - self.seen.started_at
        self._say(READY)
        return ready_since or time.monotonic()

    def _ended_by_itself(self, code: int) -> str:
        if self.service.is_step and code == 0:
            self.seen.ready_after_s = time.time() - self.seen.started_at
            self._say(DONE)
            return "done"
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        line = last_line(self.folders.log_file(self.service.name))
        return f"{how}: {line}" if line else how

    def _sleep_beside(self, process: subprocess.Popen[bytes], pause_s: float) -> None:
        """Wait, but not longer than the process runs."""
        deadline = time.monotonic() + pause_s
        while time.monotonic() < deadline and process.poll() is None and not self._stop_asked.wait(0.1):
            pass

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Ask the main process to end, then kill the rest of the service, because children outlive a killed parent."""
        if process.poll() is None:
            self._say("stopping")
            process.send_signal(self.service.stop_signal)
            try:
                process.wait(self.service.stop_grace_s)
            except subprocess.TimeoutExpired:
                process.kill()
        end_processes(self._find, signal.SIGKILL, 0.0)
        process.wait()
        self.seen.pid = None

    def _pause(self, reason: str, pause_s: float) -> None:
        self._say("restarting", f"{reason}; restart in {pause_s:g} s")
        self._stop_asked.wait(pause_s)

    def _await_revival(self) -> None:
        self._revive_asked.wait()
        self._revive_asked.clear()

    def _say(self, state: str, detail: str = "") -> None:
        if (state, detail) != (self.seen.state, self.seen.detail):
            self.seen.state, self.seen.detail = state, detail
            self._changed.set()


def used_port(folders: Folders, service: str, port: int) -> str:
    """Message for a port that another process uses."""
    return (
        f"{service}: its port {port} is used by {holder(port)}; stop that process, or remove the port's line from "
        f"{folders.ports_file} so that another port is chosen, and run `make up`"
    )
