"""A real Label Studio that is restored from yesterday's backup; `make drill-label-studio-restored`.

Starts a Label Studio of its own on SQLite, pushes and collects two nights, puts the database of the first night back, and collects
again: nothing that people said is lost, and one more night finds nothing to mend.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
from a_labeling_round import LabelingRound
from drills.label_studio_faults import say
from drills.label_studio_server_faults import _Quiet, _started

from local_stack.folders import Folders
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.label.collect_annotations import collect_annotations
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.storage.blobs.annotation_log import list_revisions
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.lost_task import LostTask

TOKEN = "a" * 40
UP_IN_S = 300


@dataclass
class OwnLabelStudio:
    """A server on SQLite in a folder, which can be stopped, copied and put back."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The file that holds everything."""
        return self.folder / "label_studio.sqlite3"

    @contextmanager
    def running(self) -> Iterator[tuple[LabelStudio, Connection]]:
        """Start, wait until it responds, and stop at the end: the client, and plain requests."""
        command = [str(Folders.of(self.folder).label_studio_python.with_name("label-studio")), "start", "--no-browser"]
        more = ["--internal-host", "127.0.0.1", "-p", str(self.port), "--enable-legacy-api-token"]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen([*command, *more], env=self._environment(), stdout=log, stderr=log, start_new_session=True)
        try:
            self._wait()
            yield LabelStudio(self.url, TOKEN), Connection(self.url, TOKEN)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def copy_database(self, place: Path) -> None:
        """Copy the database as SQLite does, while the server runs."""
        with closing(sqlite3.connect(self.database)) as source, closing(sqlite3.connect(place)) as copy:
            source.backup(copy)

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return own | {
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.folder),
            "LABEL_STUDIO_HOST": self.url,
            "LABEL_STUDIO_USERNAME": "drill@example.com",
            "LABEL_STUDIO_PASSWORD": "drilldrill12",
            "LABEL_STUDIO_USER_TOKEN": TOKEN,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "COLLECT_ANALYTICS": "false",
            "LATEST_VERSION_CHECK": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
        }

    def _wait(self) -> None:
        for _ in range(UP_IN_S):
            try:
                if httpx.get(f"{self.url}/health").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(1.0)
        raise TimeoutError(f"Label Studio did not start within {UP_IN_S} s: {self.folder / 'log'}")


def main() -> int:
    """Run the drill; 0 if nothing is lost."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        wrong = restore(OwnLabelStudio(Path(folder), port), Path(folder))
    for line in wrong:
        say(f"WRONG: {line}")
    say(f"{len(wrong)} wrong")
    return 1 if wrong else 0


def restore(server: OwnLabelStudio, folder: Path) -> list[str]:
    """Two nights, yesterday's database, two more nights."""
    work = LabelingRound(Store(MemoryObjects()), folder / "for_people")
    work.files.folder.mkdir(parents=True)
    backup = folder / "backup.sqlite3"
    with server.running() as (client, people):
        first = _night(work, client, "2026-11-21", images=6)
        ids = work.task_ids(first)
        numbers = [_say(people, task, "bolt") for task in ids[:3]]
        _collect(work, client, first)
        server.copy_database(backup)
        second = _night(work, client, "2026-11-22", images=3)
        people.patch(f"api/annotations/{numbers[0]}", {"result": _choice("nut")})
        _say(people, ids[3], "nut")
        _say(people, ids[4], "bolt")
        later = work.task_ids(second)
        _say(people, later[0], "nut")
        _collect(work, client, second)
    before, logged = _standing(work.store), set(list_revisions(work.store.objects))
    shutil.copy(backup, server.database)
    with server.running() as (client, people):
        third = _collect(work, client, _night(work, client, "2026-11-23", images=0))
        fourth = _collect(work, client, _night(work, client, "2026-11-24", images=0))
    say(f"after the restore: {third}")
    say(f"one night later: {fourth}")
    return _wrong(work.store, before, logged, third, fourth)


def _wrong(
    store: Store,
    before: list[tuple[Any, ...]],
    logged: set[tuple[str, str]],
    third: CollectAnnotationsSummary,
    fourth: CollectAnnotationsSummary,
) -> list[str]:
    checks = {
        "what people said stands as before": _standing(store) == before,
        "no revision left the log": logged <= set(list_revisions(store.objects)),
        "two answers were put back and one was set to its later revision": third.annotations_put_back == 3,
        "nothing counts as deleted": third.annotations_deleted == fourth.annotations_deleted == 0,
        "open tasks that were pushed since can be selected again": store.history(LostTask).height >= 2,
        "the next night has nothing to mend": (fourth.annotations_put_back, fourth.annotations_new, fourth.tasks_lost) == (0, 0, 0),
    }
    return [f"{what}: no" for what, is_so in checks.items() if not is_so]


def _night(work: LabelingRound, client: LabelStudio, cycle_id: str, images: int) -> Cycle:
    cycle = work.open(cycle_id, images=images)
    send_to_labeling(work.store, cycle, _Quiet(client), work.files, work.decoder, _started())  # type: ignore[arg-type]
    return cycle


def _collect(work: LabelingRound, client: LabelStudio, cycle: Cycle) -> CollectAnnotationsSummary:
    return collect_annotations(work.store, cycle, _Quiet(client), work.files)  # type: ignore[arg-type]


def _say(people: Connection, task_id: int, name: str) -> int:
    return int(people.post(f"api/tasks/{task_id}/annotations", {"result": _choice(name)})["id"])


def _choice(name: str) -> list[dict[str, Any]]:
    return [{"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": [name]}}]


def _standing(store: Store) -> list[tuple[Any, ...]]:
    """Annotation, state and class of all that people said."""
    rows = store.current(Annotation).select("annotation_id", "revision", state=pl.col("state").cast(pl.String))
    objects = store.history(AnnotationObject, ["annotation_id", "revision", "class_name"])
    joined = rows.join(objects, on=["annotation_id", "revision"], how="left")
    return sorted(joined.select("annotation_id", "state", "class_name").rows())


if __name__ == "__main__":
    sys.exit(main())
