"""Dump and restore of databases with PostgreSQL's own tools; the password is passed by environment."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from local_stack.ending import supervisor_pid
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.ports import SERVICE_PORTS, keep_ports
from local_stack.postgres_databases import empty_database, made_mark
from local_stack.postgres_owner import programs_folder
from local_stack.postgres_service import postgres_service
from local_stack.secret_values import keep_secrets

START_LIMIT_S = 120.0


def dump_database(folders: Folders, name: str, port: int, password: str, file: Path) -> None:
    """Write a consistent dump of one database, whole or not at all, while services keep running.

    Raises:
        StackError: pg_dump fails.
    """
    unfinished = file.with_suffix(".unfinished")
    _run(folders, "pg_dump", name, port, password, "--format=custom", f"--file={unfinished}")
    unfinished.replace(file)


def restore_database(folders: Folders, name: str, port: int, secrets: Mapping[str, str], file: Path) -> None:
    """Restore a service's database from such a file, in one transaction.

    Raises:
        StackError: the database already has tables, or pg_restore fails.
    """
    if made_mark(folders, name).exists():
        raise StackError(f"PostgreSQL: the database {name} holds tables already; restore into a new NIGHTLENS_HOME")
    empty_database(folders, name, port, secrets)
    _run(folders, "pg_restore", name, port, secrets["postgres_password"], "--single-transaction", "--exit-on-error", str(file))
    made_mark(folders, name).touch()


@contextlib.contextmanager
def running_postgres(folders: Folders) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Provide a running server with its port and the stack's secrets: the stack's own, or a temporary one if the stack is down.

    Raises:
        StackError: the server does not respond.
    """
    secrets, ports = keep_secrets(folders), keep_ports(folders, SERVICE_PORTS)
    service = postgres_service(folders, ports, secrets)
    if supervisor_pid(folders) is not None:
        yield ports["postgres"], secrets
        return
    service.prepare()
    with folders.log_file("postgres").open("ab") as log:
        process = subprocess.Popen(service.command, env=dict(service.environment), stdout=log, stderr=log, cwd=folders.postgres)
    try:
        _wait(process, lambda: service.responds(time.time()), folders)
        service.complete()
        yield ports["postgres"], secrets
    finally:
        process.send_signal(service.stop_signal)
        process.wait(service.stop_grace_s)


def _wait(process: subprocess.Popen[bytes], responds: Callable[[], bool], folders: Folders) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not responds():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"PostgreSQL does not start; its log is {folders.log_file('postgres')}")
        time.sleep(0.1)


def _run(folders: Folders, program: str, database: str, port: int, password: str, *options: str) -> None:
    address = ("--host=127.0.0.1", f"--port={port}", "--username=postgres", "--no-password", f"--dbname={database}")
    environment = {"PGPASSWORD": password, "LC_ALL": "C.UTF-8"}
    command = (str(programs_folder(folders) / program), *address, *options)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise StackError(f"PostgreSQL: {program} of the database {database} failed: {last}")
