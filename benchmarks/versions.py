"""Shows that a dataset version of a million rows is committed, compared and told unchanged without touching what stayed.

`make bench-versions` makes synthetic manifests on disk and holds four figures against their limits: the commit of a
version with 1,000 changed rows (naming it and writing what changed), the same against the same store's own full write
(naming it and writing every leaf), the difference of the two versions, and the status of a version whose leaves are all
those of another. The highest memory of the process is that of everything together.

    python -m benchmarks.versions --rows 200000          (smaller; the ratio grows with the rows and is no claim then)
    python -m benchmarks.versions --folder /mnt/disk     (elsewhere than the system's folder for temporary files)
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from pipeline_tasks.datasets.differences import Difference, difference
from pipeline_tasks.datasets.manifest import dataset_digest
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.versions.dataset_versions import differing_rows, write_version

CLASSES = [f"class {number}" for number in range(10)]
SEED = 20261122
MAX_COMMIT_S, MAX_MEMORY_GB, MIN_RATIO, MAX_DIFF_S, MAX_STATUS_S = 60.0, 2.0, 20.0, 5.0, 1.0

T = TypeVar("T")
Figure = tuple[str, float, float, float]
"""Name, value, the least and the most that it may be."""


def main() -> int:
    """Print figures and limits; 1 if a figure misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--changed", type=int, default=1_000)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    before = _manifest(arguments.rows)
    after = _changed(before, arguments.changed)
    with tempfile.TemporaryDirectory(prefix="nightlens-bench-", dir=arguments.folder) as folder:
        figures = _measure(DiskObjects(Path(folder)), before, after, arguments.changed)
    figures.append(("highest memory, GB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 0.0, MAX_MEMORY_GB))
    print(f"\n{arguments.rows} rows, {arguments.changed} changed")
    for name, value, low, high in figures:
        limit = f"at least {low:g}" if high == np.inf else f"at most {high:g}"
        print(f"  {'ok  ' if low <= value <= high else 'MISS'} {name}: {value:.2f} ({limit})")
    return 0 if all(low <= value <= high for _, value, low, high in figures) else 1


def _measure(
    objects: DiskObjects, before: pl.DataFrame, after: pl.DataFrame, changed: int
) -> list[tuple[str, float, float, float]]:
    full_s, first = _timed("own full write", lambda: _commit(objects, before, None))
    commit_s, second = _timed("commit of what changed", lambda: _commit(objects, after, first))
    own = [leaf for leaf in read_index(objects, second).leaves if second in leaf.key]
    print(f"leaves written: {len(read_index(objects, first).leaves)}, then {len(own)}")
    diff_s, found = _timed("diff", lambda: difference(*differing_rows(objects, first, second)))
    _check(found, changed)
    write_version(objects, "f" * 64, after, about=VersionAbout("class"), earlier=second)
    status_s, nothing = _timed("status of an unchanged version", lambda: difference(*differing_rows(objects, second, "f" * 64)))
    if not nothing.is_none:
        raise SystemExit("the unchanged version was found changed")
    return [
        ("commit, s", commit_s, 0.0, MAX_COMMIT_S),
        ("own full write / commit", full_s / commit_s, MIN_RATIO, np.inf),
        ("diff of two versions, s", diff_s, 0.0, MAX_DIFF_S),
        ("status of an unchanged version, s", status_s, 0.0, MAX_STATUS_S),
    ]


def _commit(objects: DiskObjects, rows: pl.DataFrame, earlier: str | None) -> str:
    """Name a version and write it: what both sides do."""
    dataset_id = dataset_digest(rows, ClassKind(tuple(CLASSES)))
    write_version(objects, dataset_id, rows, about=VersionAbout("class", CLASSES), earlier=earlier)
    return dataset_id


def _manifest(rows: int) -> pl.DataFrame:
    random = np.random.default_rng(SEED)
    digits = random.bytes(32 * (rows + len(CLASSES))).hex()
    digests = [digits[64 * number : 64 * number + 64] for number in range(rows + len(CLASSES))]
    classes = random.integers(0, len(CLASSES), rows)
    columns = {
        "image_id": digests[:rows],
        "split": np.array(["train", "val", "test"])[random.choice(3, rows, p=[0.8, 0.1, 0.1])],
        "label_kind": ["class"] * rows,
        "class_name": [CLASSES[number] for number in classes],
        "label_digest": [digests[rows + number] for number in classes],
    }
    return pl.DataFrame(columns).sort("image_id")


def _changed(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """Rows of other labels, removed rows and new rows: a third each, wherever chance puts them."""
    random = np.random.default_rng(SEED + 1)
    third = count // 3
    chosen = random.choice(rows.height, 2 * third, replace=False)
    numbered = rows.with_row_index("number")
    relabelled = pl.col("number").is_in(chosen[:third].tolist())
    label = pl.when(relabelled).then(pl.lit(random.bytes(32).hex())).otherwise(pl.col("label_digest"))
    kept = numbered.with_columns(label_digest=label).filter(~pl.col("number").is_in(chosen[third:].tolist())).drop("number")
    new = rows.head(count - 2 * third).with_columns(image_id=pl.Series([random.bytes(32).hex() for _ in range(count - 2 * third)]))
    return pl.concat([kept, new]).sort("image_id")


def _check(found: Difference, changed: int) -> None:
    total = found.added.height + found.removed.height + found.relabelled.height
    if total != changed:
        raise SystemExit(f"wanted {changed} changes, the difference found {total}")


def _timed(name: str, work: Callable[[], T]) -> tuple[float, T]:
    began, worked = time.monotonic(), time.process_time()
    outcome = work()
    seconds = time.monotonic() - began
    print(f"{name}: {seconds:.2f} s, of them {time.process_time() - worked:.2f} s of processor time", flush=True)
    return seconds, outcome


if __name__ == "__main__":
    sys.exit(main())
