"""A root of many images, and ways to damage objects of it without the store, as disks do."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from drills.kill_workload import Summary, nights

from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.objects import spans
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.tables.image import Image

KINDS = ("bit flipped", "truncated", "zeroed", "missing", "swapped")
CYCLE_ID = "2026-12-01"


def a_full_root(folder: Path, image_count: int) -> Store:
    """Three nights of every kind of object, and one that records this many images."""
    store = Store(DiskObjects(folder))
    usual = state.SNAPSHOT_EVERY_EVENTS, spans.FANOUT
    try:
        nights(store, lambda key, digest: None)
    finally:
        state.SNAPSHOT_EVERY_EVENTS, spans.FANOUT = usual
    rows = []
    for number in range(image_count):
        content = random.Random(number).randbytes(600 + number % 97)
        image_id, md5 = put_original(store.objects, content)
        rows.append({"image_id": image_id, "md5": md5, "size_bytes": len(content), "file_format": "PNG"})
    sizes = {name: pl.lit(1).cast(kind) for name, kind in (("width_px", pl.Int32), ("height_px", pl.Int32), ("frames", pl.Int32))}
    if rows:
        images = pl.DataFrame(rows).with_columns(
            **sizes, orientation=pl.lit(1).cast(pl.Int8), canonical_form=pl.lit(2), bit_depth=pl.lit(None)
        )
        store.finish(CYCLE_ID, "record_images", Summary(image_count), [(Image, images)])
    return store


def copy_of(folder: Path, where: Path) -> DiskObjects:
    """A second copy of a root."""
    shutil.copytree(folder, where)
    return DiskObjects(where)


def rot(folder: Path, keys: Sequence[str], seed: int = 0) -> dict[str, str]:
    """Damage exactly these objects, each sort of damage in turn; key → the damage. Swapped ones are pairs of one kind."""
    chance, turns, done = random.Random(seed), itertools.cycle(KINDS), {}
    rest = list(keys)
    while rest:
        kind, first = next(turns), rest.pop(0)
        second = next((key for key in rest if key.split("/")[0] == first.split("/")[0]), None)
        if kind == "swapped" and second is not None:
            rest.remove(second)
            swap(folder / first, folder / second)
            done[second] = kind
        else:
            kind = "bit flipped" if kind == "swapped" else kind
            damage(folder / first, kind, chance)
        done[first] = kind
    return done


def swap(first: Path, second: Path) -> None:
    """Exchange two objects' bytes."""
    contents = first.read_bytes(), second.read_bytes()
    assert contents[0] != contents[1]
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])


def damage(path: Path, kind: str, chance: random.Random) -> None:
    """Damage one object in place."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    if kind == "bit flipped":
        content[place] ^= 1 << chance.randrange(8)
    elif kind == "truncated":
        del content[place:]
    elif kind == "zeroed":
        content[:] = bytes(len(content))
    path.unlink()
    if kind != "missing":
        path.write_bytes(content)
