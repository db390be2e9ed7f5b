"""Collects garbage in a loop beside 8 writers for 60 s, killed at each of its steps in turn; `make drill-collection`.

The writers put new images, leave unneeded objects as killed ones do, and refer to each other's: the object that a writer
finds in its place may be on its way to the trash. Afterwards: every acknowledged event stands once, all that any event names is
there in the right bytes, nothing was moved before its time, a dry run names exactly what the real run then moves, and after
that nothing unneeded is left, temporary files included.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
from given import SMALL_PNG, a_project, an_open_cycle

from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.settings import Project
from pipeline_tasks.stages.tend.collect_garbage import collect_garbage
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.blobs.thumbnails import put_thumbnail
from pipeline_tasks.storage.care import collecting
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import events as ledger
from pipeline_tasks.storage.objects import fail_points
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.tables.image import Image

WRITERS, SECONDS = 8, 60.0
YOUNG_S, TRASH_S = 1.0, 6.0
DAY_S = 86_400
SHARED = 40
"""Contents that any writer may put, name, or leave behind."""
STEPS = [f"trash.{step}.{side}" for step in ("put", "delete", "purge") for side in ("before", "after")]
"""One run of a collector. It seldom puts back, since writers do so themselves: the kill matrix kills it there."""


@dataclass(frozen=True)
class Recorded:
    """Record of a writer's stage."""

    images: int
    model_digest: str


SHOWED_NOTHING = "no kill hit, or nothing was moved: this showed nothing"
"""Of a machine too busy for the time given: the drill begins anew with twice as long, up to eight times."""


def main(words: list[str] | None = None) -> int:
    """Run the drill; 0 if nothing that is needed or young was gone, and nothing else is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=WRITERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args(words)
    wrong, seconds = [SHOWED_NOTHING], arguments.seconds
    while wrong == [SHOWED_NOTHING] and seconds <= arguments.seconds * 8:
        with tempfile.TemporaryDirectory(prefix="collection-") as folder:
            wrong, seconds = run(Path(folder), arguments.writers, seconds), seconds * 2
    for line in wrong:
        say(f"WRONG  {line}")
    return 1 if wrong else 0


def run(folder: Path, writers: int, seconds: float) -> list[str]:
    """Let writers and the collector work beside each other; what is wrong afterwards."""
    until = time.time() + seconds
    context = multiprocessing.get_context("spawn")
    with context.Pool(writers) as pool:
        writing = pool.starmap_async(write, [(folder, number, until) for number in range(writers)])
        outcome = tend(folder, until)
        acknowledged = [name for names in writing.get() for name in names]
    say(
        f"{len(acknowledged)} events acknowledged by {writers} writers; {outcome['runs']} collections, "
        f"{outcome['kills'].total()} kills at {len(outcome['kills'])} of {len(STEPS)} steps; {outcome['moved']} moved, "
        f"{outcome['spared']} spared, {outcome['put_back']} put back, {outcome['deleted']} deleted, "
        f"youngest moved {outcome['youngest_s']:.2f} s old"
    )
    wrong = history(folder, acknowledged) + ends_clean(folder)
    if outcome["moved"] and outcome["youngest_s"] < YOUNG_S:
        wrong.append(f"an object of {outcome['youngest_s']:.2f} s was moved")
    return wrong + ([] if outcome["kills"] and outcome["moved"] else [SHOWED_NOTHING])


def write(folder: Path, number: int, until: float) -> list[tuple[str, str]]:
    """One writer; the events that were acknowledged."""
    draw, store, acknowledged = random.Random(number), Store(root_of(folder)), []
    count = 0
    while time.time() < until:
        count += 1
        cycle_id = f"2026-01-{number + 1:02d}T{count // 3600:02d}{count // 60 % 60:02d}{count % 60:02d}"
        an_open_cycle(store, cycle_id)
        contents = [b"shared %d" % draw.randrange(SHARED), b"shared %d" % draw.randrange(SHARED), f"own {cycle_id}".encode()]
        names = {put_original(store.objects, content * 20): content for content in contents}
        digest = put_model(store.objects, b"model %d" % draw.randrange(SHARED))
        for image_id, _ in names:
            put_thumbnail(store.objects, image_id, b"small")
        # A cycle's own work between what it finds and what it says of it, always shorter than the trash's patience.
        time.sleep(draw.random() * 2.0)
        if draw.random() < 0.5:
            continue
        store.finish(cycle_id, "record_images", Recorded(len(names), digest), [(Image, rows(names))])
        acknowledged.append((cycle_id, "record_images"))
    return acknowledged


def rows(names: dict[tuple[str, str], bytes]) -> pl.DataFrame:
    """Rows of `images`."""
    about = SMALL_PNG
    return pl.DataFrame([{"image_id": image_id, "md5": md5} | about for image_id, md5 in sorted(names)])


def tend(folder: Path, until: float) -> dict[str, Any]:
    """Collect again and again in children that are killed at one step after another; what they did."""
    kills, draw = Counter[str](), random.Random(0)
    while time.time() < until:
        step = STEPS[kills.total() % len(STEPS)]
        if is_killed(folder, until, f"{step}:{draw.randint(1, 6)}:kill"):
            kills[step] += 1
    is_killed(folder, 0.0, None)
    log = [line.split() for line in (folder / "moved").read_text().splitlines()] if (folder / "moved").exists() else []
    events = [event.summary for event in ledger.events_after(root_of(folder), 0) if event.stage == "collect_garbage"]
    sums = {name: sum(summary[name] for summary in events) for name in ("put_back", "spared", "deleted")}
    youngest = min((float(age) for age, _ in log), default=0.0)
    return sums | {"runs": len(events), "kills": kills, "moved": len(log), "youngest_s": youngest}


def is_killed(folder: Path, until: float, armed: str | None) -> bool:
    """Collections in a child of its own, until the time is over or it is killed."""
    child = multiprocessing.get_context("spawn").Process(target=collect_until, args=(folder, until, armed))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode != 0


def collect_until(folder: Path, until: float, armed: str | None) -> None:
    """End the collection that an earlier child was killed in, then begin others; logs how old each object is that is moved."""
    objects, move, current = root_of(folder), collecting.move_to_trash, folder / "collection"

    def logged(_: object, key: str, is_needed: Callable[[], bool]) -> bool:
        path = folder / "root" / key
        age_s = time.time() - path.stat().st_mtime if path.exists() else None
        is_moved = move(objects, key, is_needed)
        if is_moved and age_s is not None:
            with (folder / "moved").open("a") as log:
                print(f"{age_s:.3f} {key}", file=log)
        return is_moved

    collecting.move_to_trash = logged
    store, project = Store(objects), a_hasty_project(YOUNG_S, TRASH_S)
    if armed:
        fail_points.arm(armed)
    number = int(current.read_text()) if current.exists() else 0
    while True:
        collected(store, f"2026-02-01T{number // 3600:02d}{number // 60 % 60:02d}{number % 60:02d}", now(), project)
        number += 1
        if time.time() >= until:
            return
        current.write_text(str(number))


def collected(store: Store, cycle_id: str, moment: datetime, project: Project, *, is_dry_run: bool = False) -> dict[str, int]:
    """A whole collection; its plan by action."""
    planned = plan_collection(store, CycleOpening(project, cycle_id, "drill", moment, "test"), is_dry_run)
    done = collect_garbage(store, read_cycle(store, cycle_id))
    assert is_dry_run or done.moved_to_trash + done.spared == planned.objects["trash"], (planned, done)
    return planned.objects


def history(folder: Path, acknowledged: list[tuple[str, str]]) -> list[str]:
    """Acknowledged events that are not there once, and objects that an event names and that are not there in the right bytes."""
    objects = root_of(folder)
    found = Counter((event.cycle_id, event.stage) for event in ledger.events_after(objects, 0))
    wrong = [f"{name}: {found[name]} times in the history" for name in acknowledged if found[name] != 1]
    return wrong + [f"{damage.key}: {damage.why}, named by {damage.named_by}" for damage in verify_objects(objects)[0].damaged]


def ends_clean(folder: Path) -> list[str]:
    """With no writer left: what a dry run names goes, nothing else does, and then nothing unneeded is left."""
    store, later, none = Store(root_of(folder)), now() + timedelta(days=60), a_hasty_project(0, 0)
    collected(store, "2026-03-01", later, none, is_dry_run=True)
    said = collected(store, "2026-03-02", later, none, is_dry_run=True)
    before = set(store.objects.list(""))
    done = collected(store, "2026-03-03", later, none)
    gone = before - set(store.objects.list(""))
    wrong = [] if done == said else [f"the dry run said {said}, the real run planned {done}"]
    if len([key for key in gone if not key.startswith("trash/")]) != said["trash"]:
        wrong.append(f"{len(gone)} objects are gone from their places, the dry run had said {said}")
    # What a broken off move has left with a copy in the trash loses that first, then waits, goes, and goes for good.
    for day in (4, 5, 6, 7):
        collected(store, f"2026-03-{day:02d}", later, none)
    left = collected(store, "2026-03-08", later, none)
    wrong += [] if not any(left.values()) else [f"left over: {left}"]
    temporary = os.listdir(folder / "root" / ".temporary")
    wrong += [f"{len(temporary)} temporary files are left"] if temporary else []
    say(f"dry run {said}; real run {done}; afterwards {left}, {len(temporary)} temporary files")
    return wrong + [f"{damage.key}: {damage.why}" for damage in verify_objects(store.objects)[0].damaged]


def a_hasty_project(young_s: float, trash_s: float) -> Project:
    """A project whose collections wait for seconds instead of days."""
    return a_project(housekeeping={"is_dry_run": False, "young_days": young_s / DAY_S, "trash_days": trash_s / DAY_S})


def now() -> datetime:
    """The clock, as `open_cycle` reads it."""
    return datetime.now(timezone.utc)


def root_of(folder: Path) -> DiskObjects:
    """The root, opened anew in each process."""
    return DiskObjects(folder / "root")


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
