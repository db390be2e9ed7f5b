"""A root in memory that notes which tables and kinds of objects a stage reads and writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from pipeline_tasks.storage.care.object_kinds import kind_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import StoredObject
from pipeline_tasks.tables.table import Table

NAMES = {
    "annotation revision": "annotation log",
    "checkpoint": "checkpoints",
    "embedded views": "embedded views",
    "erasure key": "erasures",
    "erasure under way": "erasures",
    "imported responses": "imported responses",
    "model": "models",
    "original": "originals",
    "part": "shard results",
    "report": "reports",
    "serving pointer": "serving pointer",
    "thumbnail": "thumbnails",
    "version index": "version manifests",
    "version leaf": "version manifests",
}
"""Kind of an object → its name in `process`. Tables are noted by their own names; what the ledger keeps for every stage is not."""


class Touched:
    """Inputs and outputs of a stage, by the names in `process`."""

    def __init__(self) -> None:
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.has_event = False

    def note_read(self, key: str) -> None:
        self.reads |= {NAMES[kind] for kind in [kind_of(key).name] if kind in NAMES}

    def note_written(self, key: str) -> None:
        is_trash = key.startswith(layout.TRASH)
        self.writes |= {"trash"} if is_trash else {NAMES[kind] for kind in [kind_of(key).name] if kind in NAMES}

    def note_event(self, event: Event | None) -> None:
        if event is not None:
            self.has_event = True
            self.writes |= {file.table for file in event.tables}


class RecordingObjects(MemoryObjects):
    """Objects in memory; every access is noted in `touched`."""

    def __init__(self) -> None:
        super().__init__()
        self.touched = Touched()

    def read(self, key: str) -> StoredObject:
        self.touched.note_read(key)
        return super().read(key)

    def read_range(self, key: str, start: int, length: int) -> bytes:
        self.touched.note_read(key)
        return super().read_range(key, start, length)

    def write_new(self, key: str, content: bytes) -> str:
        self.touched.note_written(key)
        return super().write_new(key, content)

    def replace(self, key: str, content: bytes, etag: str) -> str:
        self.touched.note_written(key)
        return super().replace(key, content, etag)


class RecordingStore(Store):
    """A store that notes each table it is asked for by a caller outside itself, and each that an event names."""

    def __init__(self, objects: RecordingObjects) -> None:
        super().__init__(objects)
        self.touched, self.depth = objects.touched, 0

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return self._noting(found) if callable(found) and not name.startswith("_") and name != "finish" else found

    def _noting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def noted(*arguments: Any, **named: Any) -> Any:
            if not self.depth:
                given = [*arguments, *named.values()]
                self.touched.reads |= {one.table_name for one in given if isinstance(one, type) and issubclass(one, Table)}
            self.depth += 1
            try:
                return method(*arguments, **named)
            finally:
                self.depth -= 1

        return noted
