"""Logs of the services: the last lines for people, and a bound on their size."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MAX_LOG_BYTES = 20_000_000


def last_lines(path: Path, count: int) -> list[str]:
    """Last non-empty lines of a log; none if there is no log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 64_000))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]


def last_line(path: Path) -> str:
    """Last non-empty line of a log, shortened for a table."""
    lines = last_lines(path, 1)
    return lines[0].strip()[:300] if lines else ""


def bound_logs(folder: Path) -> None:
    """Rotate long logs, keeping one older file; services keep writing to the same open file, which is emptied."""
    for path in folder.glob("*.log"):
        if path.stat().st_size > MAX_LOG_BYTES:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)
