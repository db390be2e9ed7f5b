"""Bad files at full size, `make drill-bad-files`: generated ones, Pillow's own, and a thousand good beside a thousand bad.

- every generated file and every file of `hostile/pillow` (NIGHTLENS_DATA) through the decoder's children, whole and small, and
  through the prediction server's own threads; three runs, which must give the right and the reviewed verdict each time;
- each file: at most 10 s of processor and 1 GiB of memory of the child that decodes it; no child dies of one;
- 1,000 good files beside 1,000 bad ones through the stages of ingest: all good ones get in, each bad one has its reason.

    python tests/drills/bad_files.py 40        (one run of every tenth file, and so many of each sort in the last part)
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import given
import numpy as np
from decoding.bad_files import IMAGE, bad_files
from decoding.damage import DAMAGES, ENCODINGS, a_drawn_image
from decoding.verdicts import reviewed, verdict_of
from serving.given_verdicts import reasons_of_the_server
from small_ingest import MeanBackbone, put_files, sources_of

from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import measure_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.rejected_sighting import RejectedSighting

RUNS, SORT, FEWER = 3, 1000, 10
MAX_CPU_S, MAX_BYTES = 10.0, 1024**3


@dataclass
class Found:
    """Wrong verdicts, and the files that cost most."""

    wrong: list[str] = field(default_factory=list)
    most_cpu_s: tuple[float, str] = (0.0, "")
    most_bytes: int = 0
    files: int = 0


def main() -> int:
    """Print each part's figures; 1 if anything went wrong."""
    sort, runs = (int(sys.argv[1]), 1) if len(sys.argv) > 1 else (SORT, RUNS)
    wanted = {one.name: (one.content, one.verdict) for one in bad_files()}
    data = Path(os.environ.get("NIGHTLENS_DATA", Path(__file__).parents[3] / "shared" / "data")) / "hostile" / "pillow"
    if data.is_dir():
        wanted |= {name: ((data / name).read_bytes(), row.verdict) for name, row in reviewed().items()}
    else:
        say(f"{data} is not there: generated files only")
    if runs == 1:
        wanted = dict(itertools.islice(wanted.items(), 0, None, FEWER))
    wrong = []
    for run in range(runs):
        found = decoded(wanted)
        wrong += found.wrong + served(wanted)
        cpu_s, name = found.most_cpu_s
        say(f"run {run + 1}: {found.files} verdicts, wrong: {len(found.wrong)}")
        say(f"  most processor {cpu_s:.2f} s ({name}), most memory {found.most_bytes / 1e6:.0f} MB")
    wrong += taken_in(sort)
    say(*wrong, "all verdicts as wanted" if not wrong else f"{len(wrong)} went wrong")
    return int(bool(wrong))


def decoded(wanted: Mapping[str, tuple[bytes, str]]) -> Found:
    """Decode each file in one child, whole and small."""
    found = Found()
    with DecodingPool(1) as pool:
        pool.decode(ENCODINGS["png"].encode(a_drawn_image(np.random.default_rng(0), 64)))
        (child,) = children()
        for (name, (content, right)), form in itertools.product(wanted.items(), (NEWEST, NEWEST.small)):
            before, began = cpu_s(child), time.perf_counter()
            verdict, _ = verdict_of(content, form, pool.decode)
            found.files += 1
            if children() != [child]:
                found.wrong.append(f"{name}: the child died in {time.perf_counter() - began:.1f} s")
                (child,) = children()
                continue
            found.most_cpu_s = max(found.most_cpu_s, (cpu_s(child) - before, name))
            if verdict != right:
                found.wrong.append(f"{name}: wanted {right}, found {verdict}")
        found.most_bytes = peak_bytes(child)
    if found.most_cpu_s[0] > MAX_CPU_S or found.most_bytes > MAX_BYTES:
        found.wrong.append(f"{found.most_cpu_s[1]}: {found.most_cpu_s[0]:.1f} s, or {found.most_bytes} bytes of memory")
    return found


def served(wanted: Mapping[str, tuple[bytes, str]]) -> list[str]:
    """Ask the prediction server about each file; return what it judges otherwise."""
    files = {name: content for name, (content, _) in wanted.items()}
    with tempfile.TemporaryDirectory() as folder:
        found = reasons_of_the_server(files, Path(folder))
    wrong = [
        f"{name}: the server says {found[name]}, wanted {right}" for name, (_, right) in wanted.items() if found[name] != right
    ]
    say(f"served: {len(found)} answers, wrong: {len(wrong)}")
    return wrong


def taken_in(sort: int) -> list[str]:
    """Ingest as many good files as bad ones; return what went wrong."""
    good = {f"good/{name}": content for name, content in itertools.islice(good_files(), sort)}
    bad = {f"bad/{name}": content for name, content in itertools.islice(damaged_files(), sort)}
    store = Store(MemoryObjects())
    cycle = given.an_open_cycle(store, shard_images=1_000_000)
    with tempfile.TemporaryDirectory() as folder, DecodingPool() as decoder:
        put_files(Path(folder), good | bad)
        sources = sources_of(cycle, Path(folder))
        list_new_images(store, cycle, sources)
        measure_images(store, cycle, 0, sources, decoder, MeanBackbone())  # type: ignore[arg-type]
        summary = record_images(store, cycle)
    refused = store.read(RejectedSighting, cycle.cycle_id)["key"].to_list()
    say(f"{len(good)} good beside {len(bad)} bad: {summary.sightings} taken in, {summary.rejected_by_reason} refused")
    return [f"refused: {key}" for key in refused if key in good] + [f"taken in: {key}" for key in bad.keys() - set(refused)]


def good_files() -> Iterator[tuple[str, bytes]]:
    """Drawn images in every format."""
    for number in itertools.count():
        name = list(ENCODINGS)[number % len(ENCODINGS)]
        yield f"{number:04}", ENCODINGS[name].encode(a_drawn_image(np.random.default_rng([number, 1]), 128))


def damaged_files() -> Iterator[tuple[str, bytes]]:
    """The generated bad files, then interrupted copies without end."""
    yield from ((one.name, one.content) for one in bad_files(100) if one.verdict != IMAGE)
    for number in itertools.count():
        encoding = ENCODINGS[list(ENCODINGS)[number % len(ENCODINGS)]]
        random = np.random.default_rng([number, 2])
        yield f"half {number:04}", DAMAGES["half"](encoding.encode(a_drawn_image(random, 128)), b"", encoding, random)


def children() -> list[int]:
    """Living children of this process."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        if int(fields[1]) == os.getpid() and fields[0] not in "ZX":
            found.append(int(process))
    return sorted(found)


def cpu_s(process: int) -> float:
    """Processor time of a process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(process: int) -> int:
    """Most resident memory that a process has had."""
    line = next(one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def say(*lines: str) -> None:
    """Print at once, for whoever watches."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
