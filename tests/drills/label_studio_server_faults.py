"""Pushes and pulls against a real Label Studio over a line that fails; `make drill-label-studio-server-faults`.

1,000 labeling tasks in rounds of 10, each pushed in five tries while answers are lost, imports happen by half or later, the client
dies, and the line is cut as soon as the whole request is sent, so that its import goes on after the answer is lost (counted).
Then 500 annotations made, edited and deleted over ten schedules, while the line fails and, with --restart, the server is restarted.
The server is that of NIGHTLENS_TEST_LABEL_STUDIO_URL and _TOKEN, else a local stack's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
from a_labeling_round import LabelingRound
from drills.failing_label_studio import FAULTS, KilledError
from drills.label_studio_faults import TRIES, _mend_doubles, say

from benchmarks.label_studio import a_server
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.errors import ServiceError
from pipeline_tasks.stages.label.collect_annotations import collect_annotations
from pipeline_tasks.stages.label.send_to_labeling import send_to_labeling
from pipeline_tasks.storage.blobs.annotation_log import list_revisions, read_revision
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.annotation import Annotation

OF_A_ROUND = 10
FAULT_RATIO = 0.3
FORM = '<View><Image name="picture" value="$picture"/></View>'


class FailingLine(httpx.BaseTransport):
    """A line to a real server that fails with probability `fault_ratio`, by a seeded draw."""

    def __init__(self, seed: int, fault_ratio: float) -> None:
        self._line, self._draws, self.fault_ratio = httpx.HTTPTransport(), random.Random(seed), fault_ratio
        self.hit: Counter[str] = Counter()
        self._late: list[threading.Thread] = []
        self.cuts: list[CutImport] = []
        self._rounds_imported: set[str] = set()

    def calm(self) -> None:
        """Wait for what goes on, and fail no more."""
        self.fault_ratio = 0.0
        for thread in self._late:
            thread.join()
        for cut in self.cuts:
            cut.watching.join()

    def went_on(self) -> int:
        """Imports whose tasks the server made after the line was cut: nobody sent them again under their mark."""
        return sum(cut.came_later for cut in self.cuts)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_import = request.url.path.endswith("/import")
        if is_import and self._is_third_round(request):
            return self._cut(request)
        if self._draws.random() >= self.fault_ratio:
            return self._line.handle_request(request)
        fault = self._draws.choice(FAULTS if is_import else ("lost_answer", "refused", "killed", "reset"))
        self.hit[fault] += 1
        if fault == "reset":
            raise httpx.ConnectError("reset")
        if fault == "refused":
            return httpx.Response(504)
        if fault in ("goes_on", "half"):
            return self._strange_import(fault, request)
        answer = self._line.handle_request(request)
        answer.read()
        if fault == "killed":
            raise KilledError
        if fault == "lost_answer" or request.method != "GET":
            raise httpx.ReadTimeout("lost")
        return answer

    def _is_third_round(self, request: httpx.Request) -> bool:
        """The first import of every third round is cut, whatever is drawn."""
        round_id, known = json.loads(request.read())[0]["data"].get("round_id", ""), len(self._rounds_imported)
        self._rounds_imported.add(round_id)
        return self.fault_ratio > 0 and len(self._rounds_imported) > known and known % 3 == 0

    def _cut(self, request: httpx.Request) -> httpx.Response:
        self.hit["cut"] += 1
        self.cuts.append(CutImport(request, str(len(self.cuts))))
        raise httpx.ReadError("cut")

    def _strange_import(self, fault: str, request: httpx.Request) -> httpx.Response:
        tasks = json.loads(request.read())
        sent = tasks[: len(tasks) // 2] if fault == "half" else tasks
        pause_s = self._draws.uniform(0.2, 2.0) if fault == "goes_on" else 0.0
        headers = {"Authorization": request.headers["Authorization"]}

        def work() -> None:
            time.sleep(pause_s)
            httpx.post(str(request.url), json=sent, headers=headers, timeout=60)

        thread = threading.Thread(target=work)
        thread.start()
        self._late.append(thread)
        if fault == "half":
            thread.join()
        return httpx.Response(504)


class CutImport:
    """An import whose connection is closed when all of it was sent; its tasks carry a mark of this one request."""

    def __init__(self, request: httpx.Request, mark: str) -> None:
        self._url, self._mark = request.url, mark
        self._own = {"Authorization": request.headers["Authorization"]}
        self.came_later = False
        tasks = [task | {"data": task["data"] | {"cut": mark}} for task in json.loads(request.read())]
        self._send_and_close(json.dumps(tasks).encode())
        self._closed_at = datetime.now(timezone.utc)
        self.watching = threading.Thread(target=self._watch)
        self.watching.start()

    def _send_and_close(self, body: bytes) -> None:
        lines = [f"POST {self._url.raw_path.decode()} HTTP/1.1", f"Host: {self._url.netloc.decode()}", "Connection: close"]
        lines += [f"Authorization: {self._own['Authorization']}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        with socket.create_connection((self._url.host, self._url.port or 80)) as line:
            line.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def _made_at(self) -> datetime | None:
        """Time at which the server made the first of the marked tasks, by the clock of this machine; None: they are not there."""
        project = self._url.path.split("/")[3]
        item = {"filter": "filter:tasks:data.cut", "operator": "equal", "type": "String", "value": self._mark}
        query = json.dumps({"filters": {"conjunction": "and", "items": [item]}})
        address = self._url.copy_with(path="/api/tasks", params={"project": project, "query": query, "page_size": 1})
        answer = httpx.get(address, headers=self._own, timeout=60)
        found = answer.json()["tasks"] if answer.is_success else []
        return datetime.fromisoformat(found[0]["created_at"]) if found else None

    def _watch(self) -> None:
        ends_at, made_at = time.monotonic() + 30.0, None
        while made_at is None and time.monotonic() < ends_at:
            made_at = self._made_at()
        self.came_later = made_at is not None and made_at > self._closed_at


def main(words: list[str] | None = None) -> int:
    """Run both; 0 if nothing is lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--annotations", type=int, default=500)
    parser.add_argument("--schedules", type=int, default=10)
    parser.add_argument("--restart", default="", help="a command that restarts the server; it runs once a schedule")
    arguments = parser.parse_args(words)
    with a_server() as (url, token):
        line = FailingLine(arguments.tasks, FAULT_RATIO)
        wrong = push(url, token, arguments.tasks, line)
        if not line.went_on():
            wrong.append("push: no import went on after its answer was lost, so the drill shows nothing about it")
        for seed in range(arguments.schedules):
            wrong += pull(url, token, seed, arguments.annotations // arguments.schedules, arguments.restart)
    for line in wrong:
        say(f"WRONG: {line}")
    say(f"{len(wrong)} wrong")
    return 1 if wrong else 0


def push(url: str, token: str, tasks: int, line: FailingLine | None = None) -> list[str]:
    """Push so many tasks in rounds, each in several tries; then mend once, as each night does, and count."""
    line, mark = line or FailingLine(tasks, FAULT_RATIO), str(time.time_ns())
    calm = LabelStudio(url, token)
    project_id = calm.find_or_create_project(f"drill-{mark}", FORM, mark)
    ids: dict[str, int] = {}
    tried = 0
    for start in range(0, tasks, OF_A_ROUND):
        of_round = [{"task_key": f"{n:064x}", "round_id": f"r{start}", "picture": "/x"} for n in range(start, start + OF_A_ROUND)]
        is_done, left = False, TRIES
        while left > 0 or not is_done:
            tried, left = tried + 1, left - 1
            try:
                with LabelStudio(url, token, transport=line, sleep=lambda _: time.sleep(0.05), settle_s=6) as client:
                    ids |= client.import_tasks(project_id, f"r{start}", of_round[: tasks - start])
                is_done = True
            except (ServiceError, KilledError):
                continue
    line.calm()
    late = (calm.count_tasks(project_id) or 0) - tasks
    # The drill's mending looks into project 1; this server has others.
    _mend_doubles(_At(calm, project_id), ids)  # type: ignore[arg-type]
    there = Counter(task.task_key for task in calm.tasks_there(project_id))
    say(f"push: {tasks} tasks in {tried} tries, {line.hit.total()} faults {dict(line.hit)}; {late} doubles came later")
    say(f"imports that went on after the answer was lost: {line.went_on()} of {len(line.cuts)} that were cut off")
    Connection(url, token).delete(f"api/projects/{project_id}")
    wrong = [f"push: {key} is there {count} times" for key, count in there.items() if count != 1]
    return wrong + ([] if len(there) == len(ids) == tasks else [f"push: {len(there)} there, {len(ids)} known, {tasks} wanted"])


class _At:
    """The client, whose project is always this one."""

    def __init__(self, client: LabelStudio, project_id: int) -> None:
        self._client, self._project_id = client, project_id
        self.remove_copies = client.remove_copies

    def tasks_there(self, _: int) -> Any:
        return self._client.tasks_there(self._project_id)


def pull(url: str, token: str, seed: int, annotations: int, restart: str, fault_ratio: float = 0.4) -> list[str]:
    """Make, edit and delete annotations over two nights of failing collections; compare log and rows with what stands."""
    draws, people = random.Random(seed), Connection(url, token)
    line = FailingLine(seed, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        work = LabelingRound(Store(MemoryObjects()), Path(folder) / f"drill-{time.time_ns()}")
        work.files.folder.mkdir(parents=True)
        work.server.client = lambda *_: LabelStudio(url, token, transport=line)  # type: ignore[method-assign,misc]
        project_id, standing, question = 0, set[tuple[str, str]](), f"drill {time.time_ns()}"
        for night in range(3):
            images = annotations // 2 if night < 2 else 0
            cycle = work.open(f"2026-11-2{night}", images=images, question=question)
            client = _Quiet(LabelStudio(url, token, transport=line))
            sent = send_to_labeling(work.store, cycle, client, work.files, work.decoder, _started())  # type: ignore[arg-type]
            project_id = sent.label_studio_project_id or project_id
            _people(people, project_id, work.task_ids(cycle) if night < 2 else [], draws)
            if restart and night == 1:
                subprocess.run(restart, shell=True, check=True)
                _wait_for(people)
            line.fault_ratio = fault_ratio if night < 2 else 0.0
            while True:
                try:
                    collect_annotations(work.store, cycle, client, work.files)  # type: ignore[arg-type]
                    break
                except (ServiceError, KilledError):
                    continue
            line.fault_ratio = 0.0
            standing |= _now(client, project_id)
        wrong = _wrong(work, standing, _now(client, project_id))
    people.delete(f"api/projects/{project_id}")
    say(f"pull {seed}: {len(standing)} revisions stood, faults {dict(line.hit)}, {len(wrong)} wrong")
    return [f"pull {seed}: {one}" for one in wrong]


class _Quiet:
    """The client without local files, which a drill's server cannot show."""

    def __init__(self, client: LabelStudio) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def connect_local_files(self, *_: Any) -> None:
        """Connect nothing."""


def _started() -> Any:
    import given

    return given.STARTED_AT


def _people(people: Connection, project_id: int, tasks: list[int], draws: random.Random) -> None:
    """Answer every task; edit and delete some of all answers."""
    for task in tasks:
        people.post(f"api/tasks/{task}/annotations", {"result": _said(draws)})
    numbers = [one["id"] for task in _all(people, project_id) for one in task["annotations"]]
    for number in draws.sample(numbers, len(numbers) // 3):
        if draws.random() < 0.6:
            people.patch(f"api/annotations/{number}", {"result": _said(draws)})
        else:
            people.delete(f"api/annotations/{number}")


def _all(people: Connection, project_id: int) -> list[dict[str, Any]]:
    listed = people.get("api/tasks", project=project_id, fields="all", page_size=1000)
    return list(listed["tasks"])


def _said(draws: random.Random) -> list[dict[str, Any]]:
    value = {"choices": [draws.choice(["bolt", "nut"])]}
    return [{"from_name": "class", "to_name": "picture", "type": "choices", "value": value}]


def _now(client: Any, project_id: int) -> set[tuple[str, str]]:
    tasks = client.changed_since(project_id, None)
    return {(f"{project_id}-{one['import_id'] or one['id']}", one["updated_at"]) for task in tasks for one in task["annotations"]}


def _wrong(work: LabelingRound, standing: set[tuple[str, str]], now: set[tuple[str, str]]) -> list[str]:
    logged: Counter[tuple[str, str]] = Counter()
    for name, revision in list_revisions(work.store.objects):
        content = read_revision(work.store.objects, name, revision)
        logged[(name, content.get("updated_at") or f"deleted {content['deleted_after_revision']}")] += 1
    rows = work.store.current(Annotation)
    recorded = set(rows.filter(rows["state"].cast(str) != "deleted")["annotation_id"])
    wrong = [f"lost {one}" for one in standing - logged.keys()]
    wrong += [f"doubled {one}" for one, count in logged.items() if count > 1]
    return wrong + [f"rows and server differ in {one}" for one in recorded ^ {name for name, _ in now}]


def _wait_for(people: Connection) -> None:
    for _ in range(120):
        try:
            people.get("api/version")
        except ServiceError:
            time.sleep(1.0)
        else:
            return


if __name__ == "__main__":
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    sys.exit(main())
