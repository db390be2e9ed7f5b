"""Shows that a night costs what is new: what each stage reads at nights 10, 30 and 60, and on a history of a million images.

`make bench-night` plays nights of four files through all stages, on real rooms with stand-ins for the services, counts the objects
and bytes that each stage reads, and holds night 60 against night 10. Images and their cached views are counted apart: a training
reads its whole dataset. Then it writes a history of 1,000,000 images (100 nights of 10,000: all tables but embeddings, whose
index comes with curation) and runs a night of 1,000 images on it, with the bytes and the peak memory of each stage.

    python -m benchmarks.night --nights 12 --rows 50000          (smaller)
    python -m benchmarks.night --folder /mnt/disk                (elsewhere than the system's folder for temporary files)
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from a_counting_store import CountingObjects
from given_night import NIGHTLY, Night, a_night
from tqdm import tqdm

from benchmarks.long_history import NIGHTS, read_once, write_history
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

EARLY, MAX_RATIO = 10, 1.2
IMAGES_THEMSELVES = ("files/", "derived/")
NEW_FILES = 1000


class Cost(NamedTuple):
    """Reads of a stage."""

    objects: int
    size_bytes: int
    images: int
    """Originals and cached views, counted apart."""
    peak_mb: float
    """The most memory that the process held meanwhile."""


def main() -> int:
    """Print figures and limits; 1 if a figure misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=60)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    os.environ["WANDB_MODE"] = "disabled"
    with a_folder(arguments.folder) as folder:
        is_bounded = many_nights(folder, arguments.nights)
    with a_folder(arguments.folder) as folder:
        one_long_history(folder, arguments.rows)
    return 0 if is_bounded else 1


def many_nights(folder: Path, nights: int) -> bool:
    """Play nights; print what each stage reads at a few of them; whether the last one reads no more than an early one."""
    night, counting = a_night(folder), CountingObjects(MemoryObjects())
    shown = sorted({min(EARLY, nights), nights // 2, nights})
    costs: dict[int, dict[str, Cost]] = {}
    for number in tqdm(range(1, nights + 1), desc="nights", unit="night"):
        night.bring(range(number, number + 1))
        # Training takes most of the time and reads its whole dataset: only the nights that are shown train.
        training = "force" if number in shown else "skip"
        costs[number] = a_cycle(night, counting, f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}", training)
    return told(costs, shown)


def told(costs: dict[int, dict[str, Cost]], shown: list[int]) -> bool:
    """Print the table; whether each stage's last figure is in its limit."""
    print(f"\nobjects read (kilobytes; images and cached views apart) at nights {', '.join(map(str, shown))}")
    is_bounded, (first, last) = True, (shown[0], shown[-1])
    for stage in NIGHTLY:
        ratio = costs[last][stage].objects / max(1, costs[first][stage].objects)
        is_bounded = is_bounded and ratio <= MAX_RATIO
        figures = [
            f"{one.objects} ({one.size_bytes / 1e3:.0f}; {one.images})" for one in (costs[number][stage] for number in shown)
        ]
        print(f"  {'ok  ' if ratio <= MAX_RATIO else 'MISS'} {stage:24} {'   '.join(figures):60} x {ratio:.2f}")
    totals = {number: sum(one.objects for one in costs[number].values()) for number in costs if number >= first}
    print(f"  all stages: {[totals[number] for number in shown]}; of all nights from {first} on at most {max(totals.values())}")
    return is_bounded


def one_long_history(folder: Path, rows: int) -> None:
    """Run a night of new images on a long history; print what each stage reads and holds."""
    root = DiskObjects(folder / "root")
    write_history(root, rows)
    print(f"\n{rows} images in {NIGHTS} nights. The first reader puts files together (once; later a night's rows at a time):")
    for table, cost in read_once(CountingObjects(root)):
        print(f"  {table:20} {cost}")
    night, counting = a_night(folder, shard_images=NEW_FILES), CountingObjects(root)
    night.bring(range(NEW_FILES // 2 - 1))
    costs = a_cycle(night, counting, "2026-12-01", "skip")
    print(f"\na night of {NEW_FILES} new files on {rows} images: objects, bytes, images themselves, peak memory of the process")
    for stage, spent in costs.items():
        print(f"  {stage:24} {spent.objects:6} {spent.size_bytes / 1e6:9.1f} MB {spent.images:6} {spent.peak_mb:8.0f} MB")
    objects_read, megabytes = sum(one.objects for one in costs.values()), sum(one.size_bytes for one in costs.values()) / 1e6
    print(f"  {'together':24} {objects_read:6} {megabytes:9.1f} MB")


def a_cycle(night: Night, counting: CountingObjects, cycle_id: str, training: str) -> dict[str, Cost]:
    """Run a night as Airflow does, each stage with a store of its own."""
    costs: dict[str, Cost] = {}
    for stage in tqdm(NIGHTLY, desc=cycle_id, unit="stage", leave=False):
        night.store = Store(counting)
        counting.reset()
        forget_peak()
        night.run(stage, cycle_id, cycle_arguments=CycleArguments(training=training))
        images = [key for key in counting.opened() if key.startswith(IMAGES_THEMSELVES)]
        size_bytes = sum(size for key, size in counting.size_bytes.items() if not key.startswith(IMAGES_THEMSELVES))
        costs[stage] = Cost(len(counting.opened()) - len(images), size_bytes, len(images), peak_mb())
        if stage == "send_to_labeling":
            night.annotate_all()
    return costs


def forget_peak() -> None:
    """Begin to measure the peak anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """The most memory held since then."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e3


@contextmanager
def a_folder(parent: Path | None) -> Iterator[Path]:
    """A home that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="nightlens-bench-", dir=parent) as folder:
        os.environ["NIGHTLENS_HOME"] = folder
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
