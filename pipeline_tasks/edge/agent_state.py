"""State of an agent on its disk: counts, the images that were dropped, the files that were handled, the threshold."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from pipeline_tasks.errors import StorageError
from pipeline_tasks.sent_images.lasting_files import make_folder

logger = logging.getLogger(__name__)
MAX_DROPPED = 10_000
"""Newest dropped images that are listed; the counts are of all."""
_TABLES = """
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS figures (name TEXT PRIMARY KEY, value REAL NOT NULL);
CREATE TABLE IF NOT EXISTS handled (name BLOB PRIMARY KEY, stamp TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dropped (number INTEGER PRIMARY KEY, at TEXT, image_id TEXT, name TEXT, reason TEXT, detail TEXT);
"""
_ADD = "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET number = number + excluded.number"


class AgentState:
    """One SQLite file. Several threads may use it; each call is one transaction."""

    def __init__(self, folder: Path) -> None:
        """Open or create `state.sqlite` in the folder.

        Raises:
            StorageError: the file cannot be opened.
        """
        self._lock, self._pending = threading.Lock(), Counter[str]()
        try:
            make_folder(folder)
            self._database = sqlite3.connect(folder / "state.sqlite", check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"folder: {folder}: the agent's state cannot be opened: {error}") from error

    def count(self, *names: str) -> None:
        """Add one to each of these counts."""
        self._change(names)

    def drop(self, image_id: str | None, name: str | None, reason: str, detail: str) -> None:
        """Count an image that is given up, and list it."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        row = (now, image_id, name, reason, detail[:500])
        insert = "INSERT INTO dropped (at, image_id, name, reason, detail) VALUES (?, ?, ?, ?, ?)"
        delete = "DELETE FROM dropped WHERE number <= (SELECT max(number) FROM dropped) - ?"
        self._change([f"dropped_{reason}"], (insert, row), (delete, (MAX_DROPPED,)))

    def handle(self, name: str, stamp: str, counts: Iterable[str] = ()) -> None:
        """Note that a file was handled in this version, and count it in the same transaction."""
        self._change(counts, ("INSERT OR REPLACE INTO handled VALUES (?, ?)", (os.fsencode(name), stamp)))

    def is_handled(self, name: str, stamp: str) -> bool:
        """Return True if a file was handled in this version."""
        with self._lock:
            row = self._database.execute("SELECT stamp FROM handled WHERE name = ?", (os.fsencode(name),)).fetchone()
        return row is not None and row[0] == stamp

    def forget_handled(self, there: Iterable[str]) -> None:
        """Forget files that are no longer in the folder, so that the list stays as short as the folder."""
        with self._lock, suppress(sqlite3.OperationalError), self._database:
            self._database.execute("CREATE TEMP TABLE IF NOT EXISTS there (name BLOB PRIMARY KEY)")
            self._database.execute("DELETE FROM there")
            self._database.executemany("INSERT OR IGNORE INTO there VALUES (?)", ((os.fsencode(name),) for name in there))
            self._database.execute("DELETE FROM handled WHERE name NOT IN (SELECT name FROM there)")

    def set_figure(self, name: str, value: float) -> None:
        """Keep a figure."""
        self._change((), ("INSERT OR REPLACE INTO figures VALUES (?, ?)", (name, value)))

    def figure(self, name: str) -> float | None:
        """A figure that was kept; None if there is none."""
        with self._lock:
            row = self._database.execute("SELECT value FROM figures WHERE name = ?", (name,)).fetchone()
        return None if row is None else float(row[0])

    def counts(self) -> Mapping[str, int]:
        """All counts by name."""
        with self._lock:
            found = Counter(dict(self._database.execute("SELECT name, number FROM counts"))) + self._pending
        return dict(sorted(found.items()))

    def dropped(self) -> list[tuple[str, str | None, str | None, str, str]]:
        """The newest dropped images: time, image_id, name, reason, detail."""
        with self._lock:
            return self._database.execute("SELECT at, image_id, name, reason, detail FROM dropped ORDER BY number").fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _change(self, counts: Iterable[str], *statements: tuple[str, tuple[object, ...]]) -> None:
        """Write in one transaction. While the disk is full counts wait in memory, and the agent goes on."""
        with self._lock:
            self._pending.update(counts)
            try:
                with self._database:
                    self._database.executemany(_ADD, self._pending.items())
                    for text, values in statements:
                        self._database.execute(text, values)
            except sqlite3.OperationalError as error:
                logger.error("the agent's state cannot be written now: %s", error)
                return
            self._pending.clear()
