"""Kills a process at every fail point of the store, at its first, middle and last hit; `make drill-kill-matrix`.

Each kill has a root of its own. Before the rerun: whatever was acknowledged is there, and whatever an event or index names is
whole. After it: every object is byte for byte that of an undisturbed run, each stage has one event, and nothing else lies there
but the temporary files of killed writes, which are counted. Then one collection removes these and all other unneeded objects, and
nothing that is needed. `--small` kills once before or after each write; `--once` kills at no point in two workloads; `--s3` adds a
real S3 server.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from drills.kill_workload import MAY_GO, WORKLOADS, tidy

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import fail_points, layout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore

TENDING = (layout.LEDGER, layout.SNAPSHOTS, layout.trash(layout.SNAPSHOTS), "tables/unneeded_objects/")
STORAGE = Path(fail_points.__file__).parents[1]


@dataclass(frozen=True)
class Place:
    """A root that a child works in: its objects are opened anew in each process."""

    folder: Path
    open: Callable[[], ObjectStore]

    @property
    def acknowledged(self) -> Path:
        """File outside the root in which a child records acknowledged writes."""
        return self.folder / "acknowledged"

    def leftovers(self) -> int:
        """Temporary files of killed writes."""
        return sum(1 for _ in (self.folder / "root" / ".temporary").glob("*"))


@dataclass(frozen=True)
class Kill:
    """Point at which one child ends."""

    workload: str
    point: str
    hit: int

    @property
    def armed(self) -> str:
        """As `NIGHTLENS_FAIL_POINT` wants it."""
        return f"{self.point}:{self.hit}:kill"


def main(words: list[str] | None = None) -> int:
    """Run the matrix; 0 if every kill hit and every rerun ended as undisturbed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="before every other write and after the rest, at the middle hit")
    parser.add_argument(
        "--once", action="store_true", help="each point only in the first workload that reaches it, at all three hits"
    )
    parser.add_argument("--s3", action="store_true", help="also kill at the puts and deletes of a real S3 server")
    arguments = parser.parse_args(words)
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="kill-matrix-")))
        outcomes = run_matrix(
            lambda name: disk_place(folder / name), is_small=arguments.small, is_once=arguments.once, wanted="^(?!s3)"
        )
        if arguments.s3:
            from storage.an_s3_server import an_s3_server

            (folder / "server").mkdir()
            client = held.enter_context(an_s3_server(folder / "server"))
            outcomes += run_matrix(
                lambda name: s3_place(folder / name, client), is_small=arguments.small, is_once=arguments.once, wanted="^s3"
            )
    failed = [outcome for outcome in outcomes if outcome]
    say(f"\n{len(outcomes)} kills, {len(failed)} of them went wrong")
    return 1 if failed else 0


def run_matrix(place: Callable[[str], Place], *, is_small: bool, wanted: str, is_once: bool = False) -> list[str]:
    """One line for each kill, empty where all was well."""
    outcomes: list[str] = []
    reached: set[str] = set()
    leftovers = 0
    for workload in WORKLOADS:
        control = place(f"{workload}-control")
        hits = undisturbed(control, workload)
        digests = digests_of(control.open())
        chosen = kills(workload, hits, wanted, reached if is_small else None)
        if is_once:
            chosen = [kill for kill in chosen if kill.point not in reached]
        reached |= {point for point in hits if re.search(wanted, point)}
        for kill in chosen:
            own = place(f"{workload}-{kill.point}-{kill.hit}")
            wrong = killed_and_run_again(own, kill, digests)
            leftovers += own.leftovers()
            outcomes.append(wrong)
            say(f"{'FAILED' if wrong else 'ok'}  {workload}  {kill.armed}{'  ' + wrong if wrong else ''}")
    missed = [point for point in points_in_source() if re.search(wanted, point) and point not in reached]
    say(f"{len(outcomes)} kills at {'half' if is_small else 'all'} of {len(reached)} points; {leftovers} temporary files left")
    outcomes += [f"{point}: no workload reaches it" for point in missed]
    for one in outcomes[len(outcomes) - len(missed) :]:
        say(f"FAILED  {one}")
    return outcomes


def killed_and_run_again(place: Place, kill: Kill, digests: dict[str, str]) -> str:
    """Kill a child there, look, let a second one end the work, look again; what is wrong, or nothing."""
    status = in_child(lambda: work(place, kill.workload, kill.armed))
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        return f"the kill hit nothing: wait status {status}"
    wrong = [f"after the kill: {one}" for one in lost(place) + ([] if kill.workload == "mending" else broken_names(place.open()))]
    status = in_child(lambda: work(place, kill.workload, None))
    if status:
        return f"the rerun failed: wait status {status}"
    wrong += [f"after the rerun: {one}" for one in lost(place) + broken_names(place.open()) + doubled(place.open())]
    found = digests_of(place.open())
    if kill.workload == "collecting":
        # Objects that an interrupted collection spared are collected by a later one: the events count so, and say so.
        found, digests = ({key: one[key] for key in one if not key.startswith(TENDING)} for one in (found, digests))
    wrong += [f"{key}: differs from the undisturbed run" for key in sorted(digests) if found.get(key) != digests[key]]
    wrong += [f"{key}: an undisturbed run has no such object" for key in sorted(set(found) - set(digests))]
    if in_child(lambda: tidy(Store(place.open()))):
        wrong.append("after one collection unneeded objects are left")
    wrong += [f"after the collection: {one}" for one in lost(place) + broken_names(place.open())]
    return "; ".join(wrong[:3])


def undisturbed(place: Place, workload: str) -> Counter[str]:
    """Run the workload to its end in a child; point → how often it was reached."""
    log = place.folder / "points"
    status = in_child(lambda: work(place, workload, None, log))
    assert status == 0, f"the undisturbed run of {workload} failed: wait status {status}"
    assert not broken_names(place.open()) + doubled(place.open()) + lost(place)
    return Counter(log.read_text().split())


def kills(workload: str, hits: Counter[str], wanted: str, covered: set[str] | None) -> list[Kill]:
    """First, middle and last hit of every point; small: the middle hit of every other point that no workload before has reached."""
    points = [point for point in sorted(hits) if re.search(wanted, point)]
    if covered is not None:
        points = [point for number, point in enumerate(points) if point not in covered and number % 4 in (0, 3)]
        return [Kill(workload, point, (hits[point] + 1) // 2) for point in points]
    return [Kill(workload, point, hit) for point in points for hit in sorted({1, (hits[point] + 1) // 2, hits[point]})]


def work(place: Place, workload: str, armed: str | None, log: Path | None = None) -> None:
    """A child's whole life."""
    # A kill takes nothing from the system's own memory, so that waiting for the disk would show nothing here.
    os.fsync = lambda _: None
    if armed:
        fail_points.arm(armed)
    with place.acknowledged.open("a") as acknowledged, (log or Path(os.devnull)).open("a") as points:
        if log:
            fail_points.listen(lambda point: print(point, file=points))

        def tell(key: str, digest: str) -> None:
            print(key, digest, file=acknowledged, flush=True)

        WORKLOADS[workload](Store(place.open()), tell, place.folder)


def in_child(act: Callable[[], None]) -> int:
    """Fork, act, and return the wait status. The parent never opens a table, so that no thread of its own is lost in a fork."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        act()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def lost(place: Place) -> list[str]:
    """Acknowledged writes since the last emptying that are missing or differ."""
    promised: dict[str, str] = {}
    for line in place.acknowledged.read_text().splitlines():
        key, _, digest = line.partition(" ")
        promised = {} if key == MAY_GO else promised | {key: digest}
    objects = place.open()
    return [f"{key}: acknowledged, then lost" for key, digest in promised.items() if digest_at(objects, key) != digest]


def broken_names(objects: ObjectStore) -> list[str]:
    """Named objects that are missing or have other bytes."""
    # An emptying begins with the pointer and the ledger: no name is left before what it names goes.
    return [f"{key}: named, but not there whole" for key, sha256 in names(objects).items() if digest_at(objects, key) != sha256]


def names(objects: ObjectStore) -> dict[str, str]:
    """Objects named by the ledger, an index or the pointer: key → sha256."""
    named: dict[str, str] = {}
    for key in objects.list(layout.LEDGER):
        event = json.loads(objects.read(key).content)
        named |= {file["key"]: file["sha256"] for file in event["tables"]}
        for erased, found in event.get("replaced", {}).items():
            named.pop(erased, None)
            # An index keeps its key; it is looked into below.
            named |= {found["key"]: found["sha256"]} if found and found["key"] != erased else {}
        if event["summary"].get("candidate_key"):
            named[event["summary"]["candidate_key"]] = event["summary"]["candidate_sha256"]
    for key in objects.list("versions/"):
        if key.endswith("/index.json"):
            named |= {leaf.key: leaf.sha256 for leaf in read_index(objects, key.split("/")[1]).leaves}
    for key in objects.list(layout.SERVING_POINTER):
        digests = [route["model_digest"] for route in json.loads(objects.read(key).content)["routes"]]
        named |= {layout.model(digest): digest for digest in digests}
    return named


def doubled(objects: ObjectStore) -> list[str]:
    """Stages with two events, and gaps in the ledger."""
    keys = list(objects.list(layout.LEDGER))
    events = [json.loads(objects.read(key).content) for key in keys]
    stages = Counter((event["cycle_id"], event["stage"]) for event in events)
    gaps = [] if keys == [layout.event(number) for number in range(1, len(keys) + 1)] else [f"a gap in {keys}"]
    return gaps + [f"{stage}: {count} events" for stage, count in stages.items() if count > 1]


def digests_of(objects: ObjectStore) -> dict[str, str]:
    """Key → sha256 of every object."""
    return {key: hashlib.sha256(objects.read(key).content).hexdigest() for key in objects.list("")}


def digest_at(objects: ObjectStore, key: str) -> str | None:
    """The sha256 of one object, None if it is not there."""
    try:
        return hashlib.sha256(objects.read(key).content).hexdigest()
    except NotFoundError:
        return None


def points_in_source() -> list[str]:
    """Every fail point of storage/, read off its source."""
    names = [name for path in STORAGE.rglob("*.py") for name in re.findall(r'\baround\("([a-z0-9_.]+)"\)', path.read_text())]
    return [f"{name}.{side}" for name in sorted(names) for side in ("before", "after")]


def disk_place(folder: Path) -> Place:
    """A root on disk."""
    folder.mkdir()
    return Place(folder, lambda: DiskObjects(folder / "root"))


def s3_place(folder: Path, client: object) -> Place:
    """A root on the S3 server."""
    from storage.an_s3_server import BUCKET

    from pipeline_tasks.storage.objects.s3_objects import S3Objects, make_client

    folder.mkdir()
    url = client.meta.endpoint_url  # type: ignore[attr-defined]
    return Place(folder, lambda: S3Objects(make_client(url, "test", "test-secret", None), BUCKET, folder.name))


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
