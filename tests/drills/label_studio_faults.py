"""Pushes, differences and pulls against a Label Studio that fails; `make drill-label-studio-faults`.

Push: 10,000 labeling tasks, each pushed in five tries while answers are lost, imports go on after a 504, happen by half or show
late, and the client dies: afterwards exactly as many tasks are there. Differences: 100 that are planted in tasks and annotations
are found and mended. Pull: 5,000 annotations made, edited and deleted over three nights under 50 schedules of faults: the
annotation log holds each revision that stood at a collection once, and the rows equal what Label Studio has.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from a_labeling_round import LabelingRound
from drills.failing_label_studio import FailingLabelStudio, KilledError

from pipeline_tasks.annotations.parsing import TaskContext
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.errors import ServiceError
from pipeline_tasks.labeling_rounds.mending import untouched_copies
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.storage.blobs.annotation_log import list_revisions, read_revision
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask

TRIES = 5
OF_A_ROUND = 50


def main(words: list[str] | None = None) -> int:
    """Run all three; 0 if nothing is lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--differences", type=int, default=100)
    parser.add_argument("--annotations", type=int, default=5_000)
    parser.add_argument("--schedules", type=int, default=50)
    arguments = parser.parse_args(words)
    began = time.perf_counter()
    wrong = push(arguments.tasks) + differences(arguments.differences)
    of_each = arguments.annotations // arguments.schedules
    for seed in range(arguments.schedules):
        wrong += pull(seed, of_each)
    say(f"pull: {arguments.schedules} schedules of {of_each} annotations")
    for line in wrong:
        say(f"WRONG: {line}")
    say(f"{len(wrong)} wrong, after {time.perf_counter() - began:.0f} s")
    return 1 if wrong else 0


def push(tasks: int, fault_ratio: float = 0.4) -> list[str]:
    """Push so many tasks in rounds, each in several tries whatever they came to; then mend once, as each night does."""
    server = FailingLabelStudio(tasks, fault_ratio)
    server.projects[1] = {}
    server._last_id = 1
    data = {
        f"round-{start}": [
            {"task_key": f"{n:064x}", "round_id": f"round-{start}"} for n in range(start, min(start + OF_A_ROUND, tasks))
        ]
        for start in range(0, tasks, OF_A_ROUND)
    }
    ids: dict[str, int] = {}
    tried = 0
    for round_id, of_round in data.items():
        is_done, left = False, TRIES
        while left > 0 or not is_done:
            tried, left = tried + 1, left - 1
            try:
                ids |= server.client().import_tasks(1, round_id, of_round)
                is_done = True
            except (ServiceError, KilledError):
                continue
    server.calm()
    late = len(server.tasks) - tasks
    _mend_doubles(server.client(), ids)
    say(f"push: {tasks} tasks in {tried} tries, {sum(server.hit.values())} faults {server.hit}; {late} doubles came later")
    there = Counter(task["data"]["task_key"] for task in server.tasks.values())
    wrong = [f"push: {key} is there {count} times" for key, count in there.items() if count != 1]
    wrong += [f"push: {key} is not there" for key in ids.keys() - there.keys()]
    return wrong + ([] if len(ids) == tasks else [f"push: {tasks - len(ids)} tasks have no number"])


def _mend_doubles(client: LabelStudio, ids: dict[str, int]) -> None:
    """Remove the doubles of late imports, as a collection does."""
    contexts = {key: TaskContext("", None, 1, key, "", "", number) for key, number in ids.items()}  # type: ignore[arg-type]
    client.remove_copies(untouched_copies(client.tasks_there(1), contexts))


def differences(count: int) -> list[str]:
    """Plant ten kinds of differences under clocks that stand or go back, look once, and say which are left."""
    with tempfile.TemporaryDirectory() as folder:
        work = LabelingRound(Store(MemoryObjects()), Path(folder))
        server = work.server = FailingLabelStudio(count, 0.0)
        first = work.open("2026-11-21", images=count)
        work.send(first)
        ids = work.task_ids(first)
        numbers = {task: server.annotate(task, ["bolt"], person=1 + task % 3) for task in ids[count // 2 :]}
        work.collect(first)
        open_tasks, answered = ids[: count // 2], ids[count // 2 :]
        of_each = count // 10
        groups = [open_tasks[n * of_each : (n + 1) * of_each] for n in range(5)]
        groups += [answered[n * of_each : (n + 1) * of_each] for n in range(5)]
        _plant(server, groups, numbers)
        second = work.open("2026-11-22", images=0)
        work.send(second)
        found = work.collect(second)
        wrong = _left(work, groups, numbers, found)
    say(f"differences: {10 * of_each} planted in ten kinds, {len(wrong)} left")
    return wrong


def _plant(server: FailingLabelStudio, groups: list[list[int]], numbers: dict[int, int]) -> None:
    deleted, doubled, key_gone, replaced, made, gone, unsaid, edited, stood, moved = groups
    for task in deleted + gone:
        del server.tasks[task]
    for task in doubled:
        server._import(server.tasks[task]["project"], [{"data": dict(server.tasks[task]["data"])}])
    for task in key_gone:
        server.tasks[task]["data"] = {"picture": server.tasks[task]["data"]["picture"], "task_key": None}
    for task in replaced:
        server.tasks[task]["data"] = server.tasks[task]["data"] | {"picture": "/data/upload/cat.jpg"}
    for task in moved:
        server.tasks[task]["data"] = server.tasks[task]["data"] | {"round_id": "elsewhere"}
    server.clock_step = timedelta(0)  # The clock stands …
    for task in made:
        server.annotate(task, ["nut"])
    for task in stood:
        server._find(numbers[task])[1]["result"][0]["value"]["choices"] = ["nut"]
    for task in unsaid:
        server.take_back(numbers[task], is_noticed=False)
    server.now -= timedelta(days=2)  # … and goes back.
    for task in edited:
        server.edit(numbers[task], ["nut"])
    server.now += timedelta(days=3)
    server.clock_step = timedelta(seconds=1)


def _left(work: LabelingRound, groups: list[list[int]], numbers: dict[int, int], found: CollectAnnotationsSummary) -> list[str]:
    deleted, doubled, key_gone, replaced, _, gone, unsaid, _, _, moved = groups
    server, of_each = work.server, len(deleted)
    lost = set(work.store.history(LostTask)["image_id"])
    rows = work.store.history(LabelingTask, ["label_studio_task_id", "image_id", "task_key"]).rows()
    images = {task: image for task, image, _ in rows}
    keys = {task: key for task, _, key in rows}
    there = Counter(task["data"].get("task_key") for task in server.tasks.values())
    states = {row["annotation_id"].split("-")[1]: row["state"] for row in work.store.current(Annotation).iter_rows(named=True)}
    checks = {
        "a deleted open task can be selected again": [images[task] in lost for task in deleted],
        "an open task that shows another image can be selected again": [images[task] in lost for task in replaced],
        "a double is gone": [there[keys[task]] == 1 for task in doubled],
        "a key is set back": [server.tasks[task]["data"]["task_key"] == keys[task] for task in key_gone],
        "a round is set back": [server.tasks[task]["data"]["round_id"].endswith("2026-11-21") for task in moved],
        "an answer to a deleted task is kept": [states[str(numbers[task])] == "answered" for task in gone],
        "a deletion is found": [states[str(numbers[task])] == "deleted" for task in unsaid],
        "the counts": [
            (
                found.annotations_new,
                found.annotations_changed,
                found.annotations_deleted,
                found.copies_removed,
                found.tasks_set_back,
            )
            == (of_each, 2 * of_each, of_each, of_each, 2 * of_each)
        ],
    }
    wrong = [f"differences: {name}: {said.count(False)} times not" for name, said in checks.items() if not all(said)]
    return wrong + ([] if all(checks["the counts"]) else [str(found)])


def pull(seed: int, annotations: int, fault_ratio: float = 0.3) -> list[str]:
    """Make, edit and delete annotations over three nights of failing collections; compare log and rows with what stood."""
    draws = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        work = LabelingRound(Store(MemoryObjects()), Path(folder))
        server = work.server = FailingLabelStudio(seed, 0.0)
        standing: set[tuple[str, str]] = set()
        for night in range(3):
            cycle = work.open(f"2026-11-2{night}", images=annotations // 3 + (annotations % 3 if night == 0 else 0))
            work.send(cycle)
            _people(server, work.task_ids(cycle), draws)
            server.fault_ratio = fault_ratio
            tries = 0
            while not _tried(work, cycle):
                tries += 1
                # People work on while the first tries fail.
                if tries <= 3:
                    _one_person(server, draws)
            server.fault_ratio = 0.0
            standing |= _standing(server, work.store)
            if night == 1:
                server.now += draws.choice([timedelta(0), -timedelta(minutes=30), timedelta(hours=12)])
        last = work.open("2026-11-24", images=0)
        work.send(last)
        work.collect(last)
        return _compared(seed, work, standing | _standing(server, work.store))


def _tried(work: LabelingRound, cycle: Any) -> bool:
    try:
        work.collect(cycle)
    except (ServiceError, KilledError):
        return False
    return True


def _people(server: FailingLabelStudio, tasks: list[int], draws: random.Random) -> None:
    """Answer every task; change some answers of all nights."""
    for task in tasks:
        server.annotate(task, [draws.choice(["bolt", "nut"])], person=draws.randint(1, 5))
    for _ in range(len(tasks) // 3):
        _one_person(server, draws)


def _one_person(server: FailingLabelStudio, draws: random.Random) -> None:
    """Edit or delete some answer."""
    numbers = [answer["id"] for task in server.tasks.values() for answer in task["annotations"]]
    if numbers and draws.random() < 0.6:
        server.edit(draws.choice(numbers), [draws.choice(["bolt", "nut"])])
    elif numbers:
        server.take_back(draws.choice(numbers), is_noticed=draws.random() < 0.5)


def _standing(server: FailingLabelStudio, store: Store) -> set[tuple[str, str]]:
    """(annotation, time of its last change) of all that stands and that the last collection recorded."""
    rows = store.current(Annotation)
    recorded = {row["annotation_id"]: row for row in rows.iter_rows(named=True) if row["state"] != "deleted"}
    found = set()
    for task in server.tasks.values():
        for answer in task["annotations"]:
            name = name_of(task, answer)
            found.add((name, answer["updated_at"] if name in recorded else "not recorded"))
    return found


def _compared(seed: int, work: LabelingRound, standing: set[tuple[str, str]]) -> list[str]:
    """Lost and doubled revisions, and rows that differ from Label Studio."""
    logged: Counter[tuple[str, str]] = Counter()
    for name, revision in list_revisions(work.store.objects):
        content = read_revision(work.store.objects, name, revision)
        logged[(name, content.get("updated_at") or f"deleted {content['deleted_after_revision']}")] += 1
    wrong = [f"pull {seed}: lost {one}" for one in standing - logged.keys() if one[1] != "not recorded"]
    wrong += [f"pull {seed}: not recorded {one}" for one in standing if one[1] == "not recorded"]
    wrong += [f"pull {seed}: doubled {one}" for one, count in logged.items() if count > 1]
    rows = work.store.current(Annotation)
    wrong += [] if rows["annotation_id"].is_unique().all() else [f"pull {seed}: doubled rows"]
    now = {name_of(task, answer) for task in work.server.tasks.values() for answer in task["annotations"]}
    recorded = set(rows.filter(rows["state"].cast(str) != "deleted")["annotation_id"])
    return wrong + [f"pull {seed}: rows and server differ in {one}" for one in recorded ^ now]


def name_of(task: dict[str, Any], answer: dict[str, Any]) -> str:
    """The name of an annotation in our tables; one that was put back keeps its earlier number."""
    return f"{task['project']}-{answer.get('import_id') or answer['id']}"


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
