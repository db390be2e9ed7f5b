"""Backup of a whole NIGHTLENS_HOME (roots, databases, files, logins) into one folder, and its restoration.

Roots are copied before databases: everything that a root names in Label Studio or MLflow is then in their databases, and anything
newer in them is found by its key before a re-run would create it again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from local_stack.addresses import DATABASES
from local_stack.errors import StackError
from local_stack.folders import REPOSITORY, Folders
from local_stack.home_files import copy_home
from local_stack.postgres_copies import dump_database, restore_database, running_postgres
from local_stack.project_files import project_roots
from local_stack.stack import Say, alone

_ROOTS, _DATABASES, _FILES = "roots", "databases", "home"


def back_up(home: Path, place: Path, say: Say = print) -> None:
    """Update the backup in `place`, whether services and cycles are running or not.

    Raises:
        StackError: there is no stack here, the place is inside it, or something cannot be copied.
    """
    folders, place = Folders.of(home), place.resolve()
    if not folders.ports_file.exists():
        raise StackError(f"{folders.home}: found no stack/ports.json, so this is not a NIGHTLENS_HOME; `make up` creates one")
    if place.is_relative_to(folders.home):
        raise StackError(f"{place}: wanted a place outside {folders.home}, best on another disk")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    roots = project_roots(folders.home)
    for name in roots:
        _tool(folders, "back_up", name, place)
        say(f"  root of {name}: copied and verified")
    _dump(folders, place / _DATABASES, say)
    within = [Path(root) for root in roots.values() if "://" not in root]
    files = copy_home(folders.home, place / _FILES, without=within)
    say(f"  files: {files.copied} of {files.files} copied, {files.deleted} deleted from the backup")


def restore(home: Path, place: Path, say: Say = print) -> None:
    """Restore a backup into an empty NIGHTLENS_HOME; `up` then starts it, on its own ports.

    Raises:
        StackError: the home is not empty, the place holds no backup, or something cannot be restored.
    """
    folders, place = Folders.of(home), place.resolve()
    if not (place / _FILES).is_dir() or not (place / _DATABASES).is_dir():
        raise StackError(f"{place}: wanted a backup with the folders {_FILES} and {_DATABASES}, found none")
    if folders.secrets_file.exists():
        raise StackError(
            f"{folders.home}: wanted an empty NIGHTLENS_HOME, found one with logins; choose another, or `make reset` it"
        )
    with alone(folders):
        files = copy_home(place / _FILES, folders.home)
        folders.make()
        say(f"  files: {files.copied} copied")
        with running_postgres(folders) as (port, secrets):
            for name in DATABASES:
                restore_database(folders, name, port, secrets, place / _DATABASES / f"{name}.dump")
                say(f"  database {name}: restored")
    for name in sorted(path.name for path in (place / _ROOTS).glob("*")):
        _tool(folders, "restore_backup", name, place)
        say(f"  root of {name}: restored")


def _dump(folders: Folders, into: Path, say: Say) -> None:
    into.mkdir(mode=0o700, exist_ok=True)
    with running_postgres(folders) as (port, secrets):
        for name in DATABASES:
            dump_database(folders, name, port, secrets["postgres_password"], into / f"{name}.dump")
            say(f"  database {name}: copied")


def _tool(folders: Folders, tool: str, project: str, place: Path) -> None:
    """Run a command of `pipeline_tasks`, which knows the layout of a root."""
    command = (sys.executable, "-m", "pipeline_tasks", tool, "--project", project, "--place", str(place / _ROOTS / project))
    environment = {**os.environ, "NIGHTLENS_HOME": str(folders.home)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False, cwd=REPOSITORY)
    if done.returncode:
        raise StackError(f"{tool} of project {project} failed: {done.stdout.strip() or 'see above'}")
