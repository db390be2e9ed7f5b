"""Versions, side by side with DVC 3.67.1; `make bench-dvc [FILES=20000 NEW=1000]`.

A folder of known files gets new ones. DVC: `dvc add` and `dvc push` to a remote on the same disk, in a repository with its
cache. We: list the folder, put what is new, commit the version and its event. Every step is a program of its own, its start
included, after a `sync`; "without fsync" is the same step of ours with fsync switched off, because DVC never calls it.
"Manifest only" commits a version whose images are in the store already, as a night's new labels do. Seconds are those of the
wall; on a busy machine those of the processor, shown beside them, say more.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.versions.dataset_versions import differing_rows, read_version, write_version

PROGRAM = Path(os.environ.get("NIGHTLENS_DVC", ".venv-dvc/bin/dvc")).absolute()
FILE_BYTES = 10_000
VERSIONS = {"known": "a" * 64, "put": "b" * 64, "manifest": "c" * 64}
SPLITS, CLASSES = ("train", "val", "test"), ("bolt", "nut", "washer")
Row = dict[str, str]


def main() -> int:
    """Time every step and print what it took beside what is wanted; 1 if a ratio falls short."""
    if sys.argv[1:]:
        return _step(*sys.argv[1:])
    files, new = int(os.environ.get("FILES", "20000")), int(os.environ.get("NEW", "1000"))
    with tempfile.TemporaryDirectory(prefix="nightlens-bench-dvc-") as folder:
        bench = Bench(Path(folder))
        took = bench.run(files, new)
    took["dvc add + dvc push"] = took["dvc add"] + took["dvc push"]
    claims = (
        ("put and commit", "put", "dvc add + dvc push", 3),
        ("put and commit, without fsync", "put without fsync", "dvc add + dvc push", None),
        ("manifest only", "manifest", "dvc add + dvc push", 50),
        ("manifest only, without fsync", "manifest without fsync", "dvc add + dvc push", None),
        ("status of an unchanged folder", "status", "dvc status", None),
        ("diff of two versions", "diff", "dvc diff", None),
    )
    results = [Result(name, took[ours], peer, took[peer], at_least) for name, ours, peer, at_least in claims]
    print(f"\n{files} known and {new} new files of {FILE_BYTES} bytes; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for result in results:
        print(result.line())
    print(f"start-up alone: ours {took['nothing'].wall_s:.2f} s, DVC {took['dvc version'].wall_s:.2f} s")
    for name in ("dvc status", "dvc diff"):
        more = took[name].wall_s * 1_000_000 / (files + new)
        print(f"{name} of 1,000,000 files, extrapolated linearly from this run and not measured: {more:.0f} s")
    return 0 if all(result.is_fine for result in results) else 1


@dataclass(frozen=True)
class Took:
    """Cost of a step, including all processes that it started."""

    wall_s: float
    processor_s: float

    def __add__(self, other: Took) -> Took:
        """One after the other."""
        return Took(self.wall_s + other.wall_s, self.processor_s + other.processor_s)


@dataclass(frozen=True)
class Result:
    """One claim."""

    name: str
    ours: Took
    peer_name: str
    peer: Took
    at_least: float | None

    @property
    def is_fine(self) -> bool:
        """Return True if the ratio is as wanted."""
        return self.at_least is None or self.peer.wall_s / self.ours.wall_s >= self.at_least

    def line(self) -> str:
        """For people."""
        wanted = "" if self.at_least is None else f"wanted {self.at_least:.0f} x  {'ok' if self.is_fine else 'MISSED'}"
        ratio, of_processor = self.peer.wall_s / self.ours.wall_s, self.peer.processor_s / self.ours.processor_s
        seconds = f"{self.ours.wall_s:8.2f} s   {self.peer_name:18} {self.peer.wall_s:8.2f} s"
        return f"{self.name:30} {seconds}   {ratio:6.1f} x (processor {of_processor:6.1f} x)  {wanted}"


class Bench:
    """Two stores of ours and one repository of DVC's, from the same files."""

    def __init__(self, folder: Path) -> None:
        """Work below `folder`."""
        self._folder = folder
        self._dvc_folder = folder / "dvc"
        self._took: dict[str, Took] = {}

    def run(self, files: int, new: int) -> dict[str, Took]:
        """Seconds of every step."""
        self._folder.joinpath("reader").mkdir()
        self._draw(range(files))
        self._set_up()
        self._draw(range(files, files + new))
        self._time("nothing", self._ours("nothing", "ours"))
        self._time("dvc version", [str(PROGRAM), "--version"])
        for root, ending in (("ours", ""), ("unsynced", " without fsync")):
            self._time(f"put{ending}", self._ours("put", root))
            self._time(f"manifest{ending}", self._ours("manifest", root))
        self._time("status", self._ours("status", "ours"))
        self._time("diff", self._ours("diff", "ours"))
        for words in (["add", "-q", "pictures"], ["push", "-q"]):
            self._time(f"dvc {words[0]}", [str(PROGRAM), *words])
        self._git("commit", "-qam", "new")
        self._time("dvc status", [str(PROGRAM), "status", "-q"])
        self._time("dvc diff", [str(PROGRAM), "diff", "--json", "HEAD~1", "HEAD"])
        return self._took

    def _draw(self, numbers: Iterable[int]) -> None:
        """The same random files for both sides."""
        import numpy as np  # Here, because every step of ours would pay for it.

        for side in (self._folder / "inbox", self._dvc_folder / "pictures"):
            side.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            content, name = np.random.default_rng(number).bytes(FILE_BYTES), f"{number:06d}.jpg"
            (self._folder / "inbox" / name).write_bytes(content)
            (self._dvc_folder / "pictures" / name).write_bytes(content)

    def _set_up(self) -> None:
        """Bring both sides to know the first files; not timed for the table."""
        self._time("set up ours", self._ours("known", "unsynced"))
        shutil.copytree(self._folder / "unsynced", self._folder / "ours")
        self._git("init", "-q")
        setting = [["init", "-q"], ["remote", "add", "-q", "-d", "store", str(self._folder / "remote")], ["add", "-q", "pictures"]]
        for words in [*setting, ["push", "-q"]]:
            self._time("set up DVC", [str(PROGRAM), *words])
        self._git("add", ".")
        self._git("commit", "-qm", "known")

    def _ours(self, step: str, root: str) -> list[str]:
        is_synced = "synced" if root == "ours" else "unsynced"
        return [sys.executable, "-m", "benchmarks.dvc", step, str(self._folder / root), str(self._folder / "inbox"), is_synced]

    def _time(self, name: str, words: Sequence[str]) -> None:
        os.sync()
        is_ours = words[0] == sys.executable
        began, used = time.perf_counter(), _processor_s()
        outcome = subprocess.run(
            words, cwd=None if is_ours else self._dvc_folder, env=self._environment(), capture_output=True, text=True, check=False
        )
        took = self._took[name] = Took(time.perf_counter() - began, _processor_s() - used)
        if outcome.returncode:
            raise SystemExit(f"{name} ended with {outcome.returncode}: {outcome.stderr[-2000:]}")
        print(
            f"{name:24} {took.wall_s:8.2f} s, processor {took.processor_s:7.2f} s  {outcome.stdout.strip()[:40] * is_ours}",
            flush=True,
        )

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self._dvc_folder, env=self._environment(), check=True)

    def _environment(self) -> dict[str, str]:
        reader = str(self._folder / "reader")
        own = {"DVC_NO_ANALYTICS": "1", "HOME": reader, "DVC_SITE_CACHE_DIR": f"{reader}/site"}
        names = {f"GIT_{role}_{part}": "bench@localhost" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        return dict(os.environ) | own | names


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _step(step: str, root: str, inbox: str, synced: str) -> int:
    """One step of ours, as a program."""
    if synced == "unsynced" or step == "known":
        os.fsync = lambda _: None  # type: ignore[assignment]
    objects = DiskObjects(Path(root))
    if step in ("known", "put"):
        print(_put(objects, Path(inbox), step))
    elif step == "manifest":
        import polars as pl

        rows = [row | {"class_name": "nut"} if number % 21 == 0 else row for number, row in enumerate(_rows(objects, "put"))]
        write_version(objects, VERSIONS[step], pl.DataFrame(rows), about=VersionAbout(), earlier=VERSIONS["put"])
        print(f"{len(rows)} rows")
    elif step == "status":
        print(f"{len(_listed(objects, Path(inbox))[1])} new")
    elif step == "diff":
        print(f"{_differences(objects, 'known', 'put')} rows differ")
    return 0


def _put(objects: DiskObjects, inbox: Path, step: str) -> str:
    """List, put what is new, commit the version, record the sightings in one event."""
    import polars as pl

    from pipeline_tasks.storage.blobs.originals import put_original
    from pipeline_tasks.tables.sighting import Sighting
    from pipeline_tasks.tables.table import with_defaults

    store, new, source = _listed(objects, inbox)
    with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0))) as threads:
        ids = list(threads.map(lambda file: put_original(objects, source.read(file.key, file.object_version))[0], new))
    earlier = None if step == "known" else VERSIONS["known"]
    rows = [*([] if earlier is None else _rows(objects, "known")), *(_row(number, one) for number, one in enumerate(ids))]
    write_version(objects, VERSIONS[step], pl.DataFrame(rows).sort("image_id"), about=VersionAbout(), earlier=earlier)
    where = [
        {"source": "inbox", "key": one.key, "object_version": one.object_version, "modified_at": one.modified_at} for one in new
    ]
    sightings = [one | {"image_id": image_id} for one, image_id in zip(where, ids, strict=True)]
    cycle_id = {"known": "2026-11-21", "put": "2026-11-22"}[step]
    store.finish(cycle_id, "put", Put(len(ids)), [(Sighting, with_defaults(Sighting, pl.DataFrame(sightings)))])
    return f"{len(ids)} put, {len(rows)} rows"


@dataclass(frozen=True)
class Put:
    """Summary in the step's event."""

    images: int


def _listed(objects: DiskObjects, inbox: Path) -> tuple[Any, list[Any], Any]:
    """The store, the files that it has not seen in this state, and their source."""
    from pipeline_tasks.sources.folder import FolderSettings, FolderSource
    from pipeline_tasks.storage.history.store import Store
    from pipeline_tasks.tables.sighting import Sighting

    store, source = Store(objects), FolderSource(FolderSettings(name="inbox", path=str(inbox), settle_s=0), inbox)
    known = set(store.history(Sighting).select("key", "object_version").iter_rows())
    return store, [file for file in source.list_files() if (file.key, file.object_version) not in known], source


def _rows(objects: DiskObjects, version: str) -> list[Row]:
    return read_version(objects, VERSIONS[version]).to_dicts()


def _row(number: int, image_id: str) -> Row:
    said = {"split": SPLITS[number % 3], "class_name": CLASSES[number % 2], "label_kind": "class", "label_digest": image_id}
    return {"image_id": image_id} | said


def _differences(objects: DiskObjects, one: str, other: str) -> int:
    """Rows that are in only one of two versions; leaves that both share are not read."""
    mine, theirs = differing_rows(objects, VERSIONS[one], VERSIONS[other])
    return len(set(mine.iter_rows()) ^ set(theirs.iter_rows()))


if __name__ == "__main__":
    sys.exit(main())
