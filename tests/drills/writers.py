"""16 writers append 100 events each to one ledger, on disk and on a real S3 server; 200 answers get lost; `make drill-writers`.

Every acknowledged event must stand in the history exactly once, and the history must have no gap. A lost answer is one that the
server sent and the client did not receive: the object was written, the connection broke.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ReadTimeoutError
from storage.an_s3_server import BUCKET, an_s3_server

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import events as ledger
from pipeline_tasks.storage.ledger.state import read_state
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.s3_objects import S3Objects, make_client

WRITERS, EVENTS, LOST = 16, 100, 200


@dataclass(frozen=True)
class Written:
    """Record of a writer's stage."""

    number: int


def main() -> int:
    """Run the drill; 0 if nothing was lost and nothing doubled."""
    with tempfile.TemporaryDirectory(prefix="writers-") as folder, an_s3_server(_made(Path(folder) / "server")) as client:
        url = client.meta.endpoint_url
        wrong = race("disk", partial(DiskObjects, Path(folder) / "root"), WRITERS, EVENTS)
        wrong += race("S3", partial(on_s3, url, "race"), WRITERS, EVENTS)
        losing = LosingResponses(client)
        wrong += lose_responses("S3", S3Objects(losing, BUCKET, "lost"), LOST)
        wrong += [] if losing.lost >= LOST else [f"wanted {LOST} lost answers, found {losing.lost}"]
    for line in wrong:
        say(f"WRONG  {line}")
    return 1 if wrong else 0


def race(where: str, open_objects: Callable[[], ObjectStore], writers: int, events: int) -> list[str]:
    """Let processes append at once; what is wrong afterwards."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(writers) as pool:
        answers = pool.starmap(write, [(open_objects, writer, events) for writer in range(writers)])
    acknowledged = [name for names in answers for name in names]
    wrong = compare(open_objects(), acknowledged, writers * events)
    say(f"{where}: {writers} writers x {events} events: {len(acknowledged)} acknowledged, {len(wrong)} wrong")
    return [f"{where}: {one}" for one in wrong]


def write(open_objects: Callable[[], ObjectStore], writer: int, events: int) -> list[tuple[str, str]]:
    """One writer: every event is a stage of a cycle of its own; what was acknowledged."""
    store = Store(open_objects())
    acknowledged = []
    for number in range(events):
        assert store.finish(f"writer-{writer}", f"event-{number}", Written(number)) == Written(number)
        acknowledged.append((f"writer-{writer}", f"event-{number}"))
    return acknowledged


def compare(objects: ObjectStore, acknowledged: list[tuple[str, str]], wanted: int) -> list[str]:
    """Problems of the history: a missing acknowledged event, a repeated one, a gap, an extra one."""
    history = Counter((event.cycle_id, event.stage) for event in ledger.events_after(objects, 0))
    wrong = [f"{name}: {history[name]} times in the history" for name in acknowledged if history[name] != 1]
    if history.total() != wanted or len(acknowledged) != wanted:
        wrong.append(f"wanted {wanted} events, found {history.total()} in the history and {len(acknowledged)} acknowledged")
    if len(list(objects.list("ledger/"))) != history.total():
        wrong.append("the ledger has a gap")
    if {(cycle, stage) for cycle, stages in read_state(objects).stages.items() for stage in stages} != set(history):
        wrong.append("the fold differs from the history")
    return wrong


class LosingResponses:
    """A client before a real server: what is put is put, and the answer never arrives."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.lost = 0

    def put_object(self, **arguments: Any) -> Any:
        """Put, then break the connection; a refusal is heard."""
        self._client.put_object(**arguments)
        self.lost += 1
        raise ReadTimeoutError(endpoint_url="the answer was lost")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def lose_responses(where: str, objects: S3Objects, count: int) -> list[str]:
    """Lose the answers to so many puts: half events, a quarter new objects, a quarter replacements; what is wrong afterwards."""
    store, acknowledged, wrong = Store(objects), [], []
    for number in range(count // 2):
        if store.finish("lost", f"event-{number}", Written(number)) == Written(number):
            acknowledged.append(("lost", f"event-{number}"))
    for number in range(count // 4):
        etag = objects.write_new(f"object/{number}", b"1")
        if objects.replace(f"object/{number}", b"2", etag) != objects.read(f"object/{number}").etag:
            wrong.append(f"object/{number}: its replacement was not acknowledged with the tag that stands")
    wrong += compare(objects, acknowledged, count // 2)
    wrong += [f"object/{number}: lost" for number in range(count // 4) if objects.read(f"object/{number}").content != b"2"]
    say(f"{where}: {count} answers lost, {len(wrong)} not resolved by reading back")
    return [f"{where}: {one}" for one in wrong]


def on_s3(url: str, prefix: str) -> S3Objects:
    """Objects on the server, with a client of this process's own."""
    return S3Objects(make_client(url, "test", "test-secret", None), BUCKET, prefix)


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
