"""Everything of a NIGHTLENS_HOME into one folder, and back into an empty one: roots, databases, files, logins.

The roots come first and the databases after them: what a root names in Label Studio or MLflow is then in their databases, and what
these know beyond it is looked up by its key before it would be made again.
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
    """Bring the copy in `place` up to date, while services and cycles run or while they do not.

    Raises:
        StackError: there is no stack here, the place lies within it, or a part cannot be copied.
    """
    folders, place = Folders.of(home), place.resolve()
    if not folders.ports_file.exists():
        raise StackError(f"{folders.home}: found no stack/ports.json, so this is no folder of ours; `make up` makes one")
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
    say(f"  files: {files.copied} of {files.files} copied, {files.deleted} that are gone deleted")


def restore(home: Path, place: Path, say: Say = print) -> None:
    """Bring a backup into a NIGHTLENS_HOME that holds nothing yet; `up` then starts it, on ports of its own.

    Raises:
        StackError: the home is not empty, that is no backup, or a part cannot be brought back.
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
    """Run a tool of the pipeline, which knows what a root is."""
    command = (sys.executable, "-m", "pipeline_tasks", tool, "--project", project, "--place", str(place / _ROOTS / project))
    environment = {**os.environ, "NIGHTLENS_HOME": str(folders.home)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False, cwd=REPOSITORY)
    if done.returncode:
        raise StackError(f"{tool} of project {project} failed: {done.stdout.strip() or 'see above'}")
