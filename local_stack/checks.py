"""Checks before a stack is started; each failed check is one sentence that says what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.ports import is_free
from local_stack.postgres_owner import programs_folder
from local_stack.watch import used_port

MIN_FREE_BYTES = 2_000_000_000


def refuse_full_disk(folder: Path, free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free) -> None:
    """Refuse to start without room for tables, images and logs, as that would fail later with a less helpful message.

    Raises:
        StackError: less than 2 GB are free on the folder's disk.
    """
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    free = free_bytes(standing)
    if free < MIN_FREE_BYTES:
        raise StackError(
            f"{folder}: found {free / 1e9:.1f} GB free on its disk, wanted at least {MIN_FREE_BYTES / 1e9:.0f} GB; "
            "make room, or set NIGHTLENS_HOME to a folder on another disk"
        )


def refuse_missing_programs(folders: Folders) -> None:
    """Refuse to start unless both environments are installed.

    Raises:
        StackError: Label Studio's environment or PostgreSQL's wheel is missing.
    """
    if not folders.label_studio_python.with_name("label-studio").exists():
        raise StackError(f"Label Studio: found no {folders.label_studio_python.parent / 'label-studio'}; run `make install`")
    if os.geteuid() != 0:
        programs_folder(folders)


def refuse_used_ports(folders: Folders, ports: Mapping[str, int]) -> None:
    """Refuse to start if another program now uses one of the stack's ports.

    Raises:
        StackError: a port is in use.
    """
    for name, port in ports.items():
        if not is_free(port):
            raise StackError(used_port(folders, name, port))
