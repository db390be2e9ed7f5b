"""Images that wait to be sent: one file each, its note in the first line. When it is full, the oldest is dropped with a count."""

from __future__ import annotations

import errno
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.settings import OutboxSettings
from pipeline_tasks.sent_images.image_note import ImageNote, read_note
from pipeline_tasks.sent_images.lasting_files import make_folder, sync_folder, write_lasting

_FULL = {errno.ENOSPC, errno.EDQUOT}
_ENDING = ".image"
Write = Callable[[Path, bytes], None]


@dataclass(frozen=True)
class Waiting:
    """One image as it is sent."""

    note: ImageNote
    content: bytes


class Outbox:
    """A folder of waiting images, oldest first. Several threads may use it."""

    def __init__(self, folder: Path, settings: OutboxSettings, state: AgentState, write: Write = write_lasting) -> None:
        """Take up what an earlier process left; a file that was not finished is deleted, because its image is looked at again."""
        self._folder, self._settings, self._state, self._write = folder, settings, state, write
        self._lock, self.has_more = threading.Lock(), threading.Event()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._ids: set[str] = set()
        self._sending: str | None = None
        self._last_ns, self._bytes = 0, 0
        make_folder(folder)
        for path in sorted(folder.iterdir()):
            if path.name.endswith(_ENDING):
                self._put(path.name, path.stat().st_size)
            elif path.name.startswith(".new-"):
                path.unlink(missing_ok=True)
        if self._sizes:
            self._last_ns = int(next(reversed(self._sizes)).partition("-")[0])
            self.has_more.set()

    def __len__(self) -> int:
        """Number of waiting images."""
        return len(self._sizes)

    def add(self, note: ImageNote, content: bytes) -> bool:
        """Add an image, so that it survives a loss of power; return False if it was dropped, with a count."""
        with self._lock:
            if note.image_id in self._ids:
                self._state.count("same_bytes")
                return True
            line = note.as_bytes() + b"\n" + content
            if len(line) > self._settings.max_bytes:
                self._state.drop(note.image_id, note.name, "too_many_bytes", f"{len(line)} bytes do not fit into the outbox")
                return False
            while self._is_full(len(line)) and self._drop_oldest("outbox_full"):
                pass
            self._last_ns = max(self._last_ns + 1, time.time_ns())
            return self._written(f"{self._last_ns:020d}-{note.image_id}{_ENDING}", note, line)

    def oldest(self) -> tuple[str, Waiting] | None:
        """The image to send next, with the name by which it is removed; it is not dropped meanwhile."""
        with self._lock:
            while self._sizes:
                name = next(iter(self._sizes))
                try:
                    line, _, content = (self._folder / name).read_bytes().partition(b"\n")
                    waiting = Waiting(read_note(line), content)
                except (OSError, ValueError) as error:
                    self._forget(name)
                    self._state.drop(_image_id(name), None, "unreadable", f"the outbox's file cannot be read: {error}")
                    continue
                self._sending = name
                return name, waiting
            self.has_more.clear()
            return None

    def remove(self, name: str) -> None:
        """Remove an image that was sent, or refused for good."""
        with self._lock:
            self._sending = None
            self._forget(name)

    def _written(self, name: str, note: ImageNote, line: bytes) -> bool:
        while True:
            try:
                self._write(self._folder / name, line)
            except OSError as error:
                if error.errno in _FULL and self._drop_oldest("device_disk_full"):
                    continue
                reason = "device_disk_full" if error.errno in _FULL else "unwritable"
                self._state.drop(note.image_id, note.name, reason, f"the outbox cannot be written: {error.strerror}")
                return False
            self._put(name, len(line))
            self.has_more.set()
            return True

    def _is_full(self, more_bytes: int) -> bool:
        settings = self._settings
        return len(self._sizes) >= settings.max_images or self._bytes + more_bytes > settings.max_bytes

    def _drop_oldest(self, reason: str) -> bool:
        """Drop the oldest image that is not being sent; return False if there is none."""
        name = next((one for one in self._sizes if one != self._sending), None)
        if name is None:
            return False
        self._forget(name)
        self._state.drop(_image_id(name), None, reason, "the oldest waiting image made room for a newer one")
        return True

    def _put(self, name: str, size_bytes: int) -> None:
        self._sizes[name] = size_bytes
        self._ids.add(_image_id(name))
        self._bytes += size_bytes

    def _forget(self, name: str) -> None:
        self._bytes -= self._sizes.pop(name, 0)
        self._ids.discard(_image_id(name))
        (self._folder / name).unlink(missing_ok=True)
        sync_folder(self._folder)


def _image_id(name: str) -> str:
    return name.partition("-")[2].removesuffix(_ENDING)
