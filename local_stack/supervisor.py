"""Supervisor: the one detached process that starts the services in parallel, restarts dead ones and stops all in order.

`python -m local_stack.supervisor` with NIGHTLENS_HOME; `local_stack.stack.up` starts it. SIGTERM and the end of the owner, which
closes standard input, stop the stack; SIGUSR1 lets it go on without its owner, SIGHUP restarts dead services.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local_stack.addresses import read_addresses
from local_stack.airflow_connections import post_to_airflow, wanted_connections
from local_stack.airflow_services import airflow_services
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.kept_json import read_json, write_json
from local_stack.label_studio_service import label_studio_service
from local_stack.logs import bound_logs
from local_stack.mlflow_service import mlflow_service
from local_stack.postgres_service import data_folder, postgres_service
from local_stack.prediction_service import prediction_services
from local_stack.processes import stack_processes
from local_stack.s3_service import s3_services
from local_stack.service import Service
from local_stack.watch import DONE, READY, Watch

_LOOK_EVERY_S = 2.0


def stop_waves(names: list[str]) -> list[list[str]]:
    """Order in which services are stopped: those of one wave together, services that others need last."""
    first, second, last = ["airflow-triggerer", "airflow-dag-processor"], ["airflow-scheduler"], ["postgres", "s3"]
    middle = [name for name in names if name not in (*first, *second, *last)]
    waves = [[name for name in wave if name in names] for wave in (first, second, middle, last)]
    return [wave for wave in waves if wave]


def fixed_services(folders: Folders) -> list[Service]:
    """Services that every stack has; ports and secrets must exist."""
    ports, secrets, addresses = read_json(folders.ports_file), read_json(folders.secrets_file), read_addresses(folders.home)
    return [
        postgres_service(folders, ports, secrets),
        *airflow_services(folders, ports, secrets, addresses),
        label_studio_service(folders, ports, secrets, addresses),
        mlflow_service(folders, ports, secrets, addresses),
        *s3_services(folders, ports, addresses),
    ]


def read_state(folders: Folders) -> dict[str, Any]:
    """The supervisor's last state: `services` by name and `connections`; empty before the first write."""
    return (
        read_json(folders.state_file)
        if folders.state_file.exists()
        else {"services": {}, "connections": {"posted": [], "error": None}}
    )


class Supervisor:
    """Owner of the watches; writes its state to a file that `status` and `up` read."""

    def __init__(self, folders: Folders, services: Callable[[Folders], list[Service]] = fixed_services) -> None:
        """Start nothing yet."""
        self.folders, self._services = folders, services
        self.owner: int | None = os.getppid()
        """Process with which the services end; None if they stay."""
        self.watches: dict[str, Watch] = {}
        self.connections: list[str] = []
        self.trouble: str | None = None
        self._changed, self._stop_asked, self._owner_ended = threading.Event(), False, False
        self._posted: Any = None
        self._written, self._next_look = "", 0.0

    def run(self) -> None:
        """Start all services and run until SIGTERM or the owner's end."""
        signal.signal(signal.SIGTERM, self._ask_stop)
        signal.signal(signal.SIGINT, self._ask_stop)
        signal.signal(signal.SIGHUP, self._revive)
        signal.signal(signal.SIGUSR1, self._stay)
        threading.Thread(target=self._await_owner, name="owner", daemon=True).start()
        try:
            for service in self._services(self.folders):
                self._add(service)
            while not (self._stop_asked or self._is_left_alone()):
                self._look()
                self._changed.wait(0.5)
                self._changed.clear()
        finally:
            self._end_all()

    def _is_left_alone(self) -> bool:
        if self._owner_ended and self.owner is not None:
            print(f"process {self.owner}, which started the services, has ended: ending them", flush=True)
            return True
        return False

    def _look(self) -> None:
        """Follow the project files, update Airflow, bound the logs; an error here, such as a full disk, stops no service."""
        try:
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + _LOOK_EVERY_S
                self._follow_projects()
                self._tell_airflow()
                bound_logs(self.folders.logs)
                self.trouble = None
            self._write_state()
        except (StackError, OSError) as error:
            self.trouble = str(error)

    def _follow_projects(self) -> None:
        """Start servers for new project files, stop those of removed ones, restart those whose root has changed."""
        wanted = {service.name: service for service in prediction_services(self.folders).values()}
        for name in [name for name, watch in self.watches.items() if not watch.service.is_essential]:
            if name not in wanted or wanted[name].command != self.watches[name].service.command:
                self.watches[name].stop()
                if not self.watches[name].is_alive():
                    del self.watches[name]
        for service in s3_services(self.folders, read_json(self.folders.ports_file), read_addresses(self.folders.home)):
            wanted[service.name] = service  # It may be asked for while the stack runs.
        for name in wanted.keys() - self.watches.keys():
            self._add(wanted[name])

    def _tell_airflow(self) -> None:
        """Post connections when Airflow is ready and they differ from those posted before."""
        addresses = read_addresses(self.folders.home)
        wanted = wanted_connections(addresses)
        if wanted == self._posted or not self._is_ready("airflow-api-server"):
            return
        self.connections = post_to_airflow(self.folders, addresses)
        self._posted = wanted

    def _add(self, service: Service) -> None:
        watch = Watch(service, self.folders, self._is_ready, self._pids, self._changed)
        self.watches[service.name] = watch
        watch.start()

    def _is_ready(self, name: str) -> bool:
        return name in self.watches and self.watches[name].seen.state in (READY, DONE)

    def _pids(self, service: str) -> list[int]:
        found = stack_processes(self.folders.digest, data_folder(self.folders))
        return [process.pid for process in found if process.service == service]

    def _write_state(self) -> None:
        services = {
            name: {**vars(watch.seen), "address": watch.service.address, "is_essential": watch.service.is_essential}
            for name, watch in self.watches.items()
        }
        state = {
            "pid": os.getpid(),
            "owner": self.owner,
            "services": services,
            "connections": self.connections,
            "trouble": self.trouble,
        }
        if (content := json.dumps(state)) != self._written:
            write_json(self.folders.state_file, state)
            self._written = content

    def _end_all(self) -> None:
        for wave in stop_waves(list(self.watches)):
            for name in wave:
                self.watches[name].stop()
            for name in wave:
                self.watches[name].join()

    def _ask_stop(self, *_: object) -> None:
        self._stop_asked = True
        self._changed.set()

    def _await_owner(self) -> None:
        while os.read(0, 1):
            pass
        self._owner_ended = True
        self._changed.set()

    def _stay(self, *_: object) -> None:
        self.owner = None
        self._changed.set()

    def _revive(self, *_: object) -> None:
        for watch in self.watches.values():
            watch.revive()


def main(services: Callable[[Folders], list[Service]] = fixed_services) -> None:
    """Take this home's lock, so that there is only one supervisor, and run."""
    folders = Folders.of(Path(os.environ["NIGHTLENS_HOME"]))
    with folders.lock_file.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        Supervisor(folders, services).run()


if __name__ == "__main__":
    main()
