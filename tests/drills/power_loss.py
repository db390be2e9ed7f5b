"""Cut the power at every operation of the store on a disk, and open the remaining folder; `make drill-power-loss`.

As ALICE, CrashMonkey and dm-log-writes do: a trace of what the store really does (`disk_trace`), every state that a file system
may leave of each beginning of it (`crash_states`, sampled with a seed), and in each of these what was promised (`promises`). A
sample of the states is laid out as a folder and opened by the real code: whatever an event, a version or the pointer names is
there and right, and the work, run again, ends byte for byte as undisturbed. Each workload also runs after a kill at one of its
fail points, on what the kill left unsynced: power fails behind crashes, too.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from drills.crash_states import Reached, Tree, crash_states
from drills.disk_trace import PowerlessError, Trace
from drills.power_loss_workloads import WORKLOADS, Workload
from drills.promises import Promise, PromisingObjects, allowed, broken, visible

from pipeline_tasks.errors import StorageError
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.ledger.generation import read_generation
from pipeline_tasks.storage.objects import fail_points
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.versions import dataset_versions
from pipeline_tasks.storage.versions.version_verify import readable_rows

SAMPLES, OPENED = 12, 240
"""At full size: sampled states at each operation, and states opened by the real code."""
KILLS = 12
"""Of each workload."""
T = TypeVar("T")
Kill = tuple[str, int]
"""A fail point, and the hit of it at which the process ends."""
PLANTED = b"torn"
"""Objects that the workload plants under a name with another digest."""


@dataclass
class Recorded:
    """Operations, promises and end of one run."""

    trace: Trace
    before: Tree
    begin: int
    """The operations up to here are those of what lay there before, or of a first run that was killed."""
    promises: list[Promise]


@dataclass
class Outcome:
    """Results of the power cuts of one run."""

    states: int = 0
    distinct: dict[frozenset[tuple[str, bytes]], Tree] = field(default_factory=dict)
    """Visible content → the first state with it."""
    folders: dict[frozenset[tuple[str, bytes | None]], None] = field(default_factory=dict)
    """All states, with folders and temporary files."""
    wrong: list[str] = field(default_factory=list)
    end: dict[str, bytes] = field(default_factory=dict)
    """The objects that the undisturbed run ended in."""
    operations: int = 0
    kills: int = 0
    opened: int = 0

    def add(self, other: Outcome, prefix: str) -> None:
        """Count the states of a run that was killed before in."""
        self.kills += 1
        self.states += other.states
        self.distinct = other.distinct | self.distinct
        self.folders |= other.folders
        self.wrong += [prefix + one for one in other.wrong]

    def __str__(self) -> str:
        """A line for the log."""
        found = (
            f"{self.states} states at {self.operations} operations and behind {self.kills} kills, {len(self.folders)} distinct, "
        )
        return f"{found}{len(self.distinct)} in their objects, {self.opened} opened and run again, {len(self.wrong)} wrong"


def main() -> int:
    """Run at full size; 0 if every promise was kept in every state."""
    return 0 if run(SAMPLES, OPENED, KILLS) else 1


def run(samples: int, opened: int, kills: int, seed: int = 1) -> bool:
    """Cut each workload's power; whether all was as it must be."""
    outcomes = []
    for name, workload in WORKLOADS.items():
        with tempfile.TemporaryDirectory(prefix="power-loss-") as folder:
            outcome = cut_everywhere(Path(folder), workload, samples, kills, seed)
            open_some(Path(folder), workload, outcome, opened // len(WORKLOADS))
        say(f"{name}: {outcome}")
        # One line of each kind: the same object is missed at many operations.
        for line in {one.rpartition("operation")[0] or one: one for one in outcome.wrong}.values():
            say(f"WRONG  {line}")
        outcomes.append(outcome)
    states, wrong = sum(one.states for one in outcomes), sum(len(one.wrong) for one in outcomes)
    distinct, visibly = sum(len(one.folders) for one in outcomes), sum(len(one.distinct) for one in outcomes)
    say(f"\n{states} crash states, {distinct} distinct, {visibly} distinct in their objects; {wrong} wrong")
    return wrong == 0


def cut_everywhere(folder: Path, workload: Workload, samples: int, kills: int, seed: int) -> Outcome:
    """Cut an undisturbed run at each operation, and runs behind kills."""
    recorded = record(folder / "undisturbed", workload)
    outcome = cut(recorded, samples, random.Random(seed))
    outcome.end = visible(tree_of(recorded.trace.base))
    outcome.operations = len(recorded.trace.ops) - recorded.begin
    for number, kill in enumerate(spread(points_of(folder / "points", workload), kills)):
        killed = cut(record(folder / f"killed-{number}", workload, kill), max(1, samples // 6), random.Random(seed + number))
        outcome.add(killed, f"killed at {kill[0]}, hit {kill[1]}; ")
    return outcome


def open_some(folder: Path, workload: Workload, outcome: Outcome, count: int) -> None:
    """Open so many states, those that show other objects first, and run the work again on what was left."""
    states = spread(list(outcome.distinct.values()), count)
    opened = {frozenset(tree.items()) for tree in states}
    others = [one for one in outcome.folders if one not in opened]
    states += [dict(one) for one in spread(others, count - len(states))]
    for number, tree in enumerate(states):
        outcome.wrong += opened_and_run_again(folder / f"opened-{number}", tree, workload, outcome.end)
    outcome.opened = len(states)


def record(base: Path, workload: Workload, kill: Kill | None = None, make_trace: type[Trace] = Trace) -> Recorded:
    """Run the workload on what was prepared, traced; with a kill, run it twice, and only the second run ends."""
    base.mkdir(parents=True)
    with quick():
        with patch.object(os, "fsync", lambda _: None):
            workload.prepare(lambda root: DiskObjects(base / root))
        before, trace, promises = tree_of(base), make_trace(base), list[Promise]()
        with trace.listening():
            if kill:
                killed_at(trace, workload, promises, kill)
            begin = len(trace.ops)
            workload.run(lambda root: PromisingObjects(trace, root, promises))
    recorded = Recorded(trace, before, begin, promises)
    assert replayed(trace) == tree_of(base), "the trace missed something that was done"
    return recorded


def killed_at(trace: Trace, workload: Workload, promises: list[Promise], kill: Kill) -> None:
    """Run up to the hit of a fail point, and no operation further."""
    point, hit = kill
    hits: Counter[str] = Counter()

    def on_reach(name: str) -> None:
        hits[name] += 1
        if trace.is_dead or (name == point and hits[name] == hit):
            trace.is_dead = True
            raise PowerlessError

    fail_points.listen(on_reach)
    try:
        workload.run(lambda root: PromisingObjects(trace, root, promises))
    except PowerlessError:
        pass
    finally:
        fail_points.listen(None)
        trace.is_dead = False


def points_of(base: Path, workload: Workload) -> list[Kill]:
    """The fail points that a run reaches, each at its first, middle and last hit."""
    hits: Counter[str] = Counter()
    base.mkdir()
    with quick(), patch.object(os, "fsync", lambda _: None):
        workload.prepare(lambda root: DiskObjects(base / root))
        fail_points.listen(lambda name: hits.update([name]))
        try:
            workload.run(lambda root: DiskObjects(base / root))
        finally:
            fail_points.listen(None)
    return [(name, hit) for name in sorted(hits) for hit in sorted({1, (hits[name] + 1) // 2, hits[name]})]


def cut(recorded: Recorded, samples: int, chance: random.Random) -> Outcome:
    """Cut the power behind every operation; what is left, and which promises are broken in it."""
    outcome, reached, trace = Outcome(), Reached(), recorded.trace
    for place, op in enumerate(trace.ops):
        reached.go_on(op)
        if place + 1 < recorded.begin:
            continue
        may_be = allowed(recorded.before, recorded.promises, place + 1)
        for tree in crash_states(reached, trace.folders, chance, samples):
            outcome.states += 1
            outcome.distinct.setdefault(frozenset(visible(tree).items()), tree)
            outcome.folders[frozenset(tree.items())] = None
            wrong = broken(tree, may_be)
            outcome.wrong += [f"the power went behind operation {place + 1} of {len(trace.ops)}: {one}" for one in wrong[:1]]
    return outcome


def opened_and_run_again(base: Path, tree: Tree, workload: Workload, end: dict[str, bytes]) -> list[str]:
    """Lay a state out, open it with the real code, and run the work again; what is wrong."""
    lay_out(base, tree)
    with quick(), patch.object(os, "fsync", lambda _: None):
        wrong = [f"opened: {one}" for root in sorted(path.name for path in base.iterdir()) for one in damage_in(base / root)]
        workload.run(lambda root: DiskObjects(base / root))
    found, wanted = workload.compared(visible(tree_of(base))), workload.compared(end)
    differing = [path for path in sorted({*found, *wanted}) if found.get(path) != wanted.get(path)]
    return wrong + [f"run again: {path} is not as undisturbed" for path in differing[:3]]


def damage_in(root: Path) -> list[str]:
    """Damage found by the root's own verification, and unreadable versions; a half-emptied project is not opened."""
    objects = DiskObjects(root)
    try:
        read_generation(objects)
    except StorageError:
        return []
    damaged = verify_objects(objects)[0].damaged
    wrong = [f"{one.key}: {one.why}" for one in damaged if one.named_by or objects.read(one.key).content != PLANTED]
    versions = [key.split("/")[1] for key in objects.list("versions/") if key.endswith("/index.json")]
    return wrong + [f"{one.key}: {one.problem}" for name in versions for one in readable_rows(objects, name)[1]]


def replayed(trace: Trace) -> dict[str, bytes | None]:
    """The folder that all operations of a trace make."""
    reached = Reached()
    for op in trace.ops:
        reached.go_on(op)
    *_, last = list(crash_states(reached, trace.folders, random.Random(0), 0))
    return dict(last)


def tree_of(base: Path) -> dict[str, bytes | None]:
    """All that lies in a folder."""
    return {path.relative_to(base).as_posix(): None if path.is_dir() else path.read_bytes() for path in base.rglob("*")}


def lay_out(base: Path, tree: Tree) -> None:
    """Make a folder of a state."""
    base.mkdir()
    for path, content in sorted(tree.items()):
        if content is None:
            (base / path).mkdir()
        else:
            (base / path).write_bytes(content)


def spread(all_of: list[T], count: int) -> list[T]:
    """So many of a list, evenly."""
    return all_of if len(all_of) <= count else [all_of[number * len(all_of) // count] for number in range(count)]


@contextmanager
def quick() -> Iterator[None]:
    """One thread, so that the same seed gives the same states; a snapshot at every third event."""
    with patch.object(dataset_versions, "_THREADS", 1), patch.object(state, "SNAPSHOT_EVERY_EVENTS", 3):
        yield


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
