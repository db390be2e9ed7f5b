"""What the services wrote: the end of a log for people, and a bound on how much is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MAX_LOG_BYTES = 20_000_000


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log that are not empty; none when there is no log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 64_000))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]


def last_line(path: Path) -> str:
    """The last line of a log that is not empty, cut for a table."""
    lines = last_lines(path, 1)
    return lines[0].strip()[:300] if lines else ""


def bound_logs(folder: Path) -> None:
    """Move what a long log holds aside, once; services go on writing to the same open file, which is emptied."""
    for path in folder.glob("*.log"):
        if path.stat().st_size > MAX_LOG_BYTES:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)
