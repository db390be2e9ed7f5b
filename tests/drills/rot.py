"""Damage 1,000 of 20,000 objects without the store and check that exactly these are named; `make drill-rot`.

In turns: one bit flipped, truncated, zeroed, gone, swapped with another one. Readers must refuse every one of them, and a
second copy must mend them all.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from storage.a_rotted_root import CYCLE_ID, a_full_root, copy_of, rot

from pipeline_tasks.errors import CorruptObjectError, NotFoundError
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.care.mending import verify_and_mend
from pipeline_tasks.storage.care.named_objects import named_objects
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.tables.image import Image

OBJECTS, ROTTED = 20_000, 1_000


def main() -> int:
    """Run the drill; 0 if all was named, refused and mended."""
    with tempfile.TemporaryDirectory(prefix="rot-") as folder:
        return 0 if run(Path(folder), OBJECTS, ROTTED) else 1


def run(folder: Path, objects: int, rotted: int, seed: int = 1) -> bool:
    """Make a root of so many objects, let so many rot, verify, read, mend; whether all was as it must be."""
    store = a_full_root(folder / "root", objects - len(list(a_full_root(folder / "small", 1).objects.list(""))) + 1)
    keys = list(store.objects.list(""))
    rows = list(store.read(Image, CYCLE_ID).select("image_id", "md5").iter_rows())
    copy = copy_of(folder / "root", folder / "copy")
    say(f"{len(keys)} objects, whole: {not verify_objects(store.objects)[0].damaged}")
    # Whole folders only of what events name; every second event, for an event is known again by its neighbours.
    # The table of images stays whole: only its rows know of an image that is gone, so without it nobody could name that one.
    folders = ("files", "models", "tables", "versions")
    candidates = [key for key in keys if key.split("/")[0] in folders and not key.startswith("tables/images/")]
    # Only its index knows of a leaf that is gone, so of one version the index may rot, of the next the leaves.
    indexed = sorted({key.split("/")[1] for key in keys if key.startswith("versions/")})[::2]
    candidates = [
        key
        for key in candidates
        if not key.startswith("versions/") or key.endswith("/index.json") == (key.split("/")[1] in indexed)
    ]
    # Only its event knows of an object that is gone, so of what the events that rot name nothing else may.
    events = [key for key in keys if key.startswith("ledger/")][::2]
    named = named_without(folder / "root", events)
    candidates = [key for key in candidates if key in named]
    done = rot(folder / "root", [*events, *random.Random(seed).sample(candidates, rotted - len(events))], seed)
    kinds = {kind: list(done.values()).count(kind) for kind in sorted(set(done.values()))}
    say(f"{len(done)} rotted: {kinds}")
    found, seconds = timed(lambda: verify_objects(DiskObjects(folder / "root"))[0])
    named = {damage.key for damage in found.damaged}
    right, wrong, missed = len(named & set(done)), len(named - set(done)), len(set(done) - named)
    say(f"{len(named)} named in {seconds:.1f} s: {right} right, {wrong} wrong, {missed} missed")
    refused, asked = refusals(DiskObjects(folder / "root"), rows, set(done))
    say(f"{refused} of {asked} rotted originals refused by their reader")
    mending, seconds = timed(lambda: verify_and_mend(DiskObjects(folder / "root"), copy))
    is_same = all(store.objects.read(key).content == copy.read(key).content for key in keys)
    say(f"{len(mending.mended)} mended from the second copy in {seconds:.1f} s; every object as before: {is_same}")
    return len(done) == rotted and named == set(done) and refused == asked and not mending.verification.damaged and is_same


def named_without(folder: Path, keys: Sequence[str]) -> set[str]:
    """Objects that a root still names while these are gone."""
    contents = {key: (folder / key).read_bytes() for key in keys}
    for key in keys:
        (folder / key).unlink()
    named = set(named_objects(DiskObjects(folder)).named_by)
    for key, content in contents.items():
        (folder / key).write_bytes(content)
    return named


def refusals(objects: DiskObjects, rows: list[tuple[str, str]], rotted: set[str]) -> tuple[int, int]:
    """Number of damaged originals that the reader refuses, and their total; refusing an undamaged one counts as a failure."""
    refused = asked = 0
    for image_id, md5 in rows:
        is_rotted = f"files/md5/{md5[:2]}/{md5[2:]}" in rotted
        asked += is_rotted
        try:
            read_original(objects, image_id, md5)
        except (CorruptObjectError, NotFoundError):
            refused += 1 if is_rotted else -1
    return refused, asked


def timed(act):  # type: ignore[no-untyped-def]
    """Result of a call, and its seconds."""
    begin = time.monotonic()
    return act(), time.monotonic() - begin


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
