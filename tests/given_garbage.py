"""A root with needed objects of every kind, and left-overs of killed writers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from given import SMALL_PNG, STARTED_AT, a_project, an_open_cycle, image_id
from given_version import a_version

from pipeline_tasks.settings import Project
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.care.collecting import Patience
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.tables.table_files import write_shard, write_table
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.quality_issue import QualityIssue

DAY = timedelta(days=1)
PATIENCE = Patience(young_s=2 * 86_400, trash_s=14 * 86_400, abandoned_s=30 * 86_400, damaged_s=90 * 86_400)
A_YEAR_ON = STARTED_AT + 365 * DAY


@dataclass(frozen=True)
class Garbage:
    """Keys of unneeded objects, and a needed version."""

    dataset_id: str
    original: str
    table: str
    part: str
    """Of a cycle that is long over."""
    leaf: str
    index: str


def a_root_with_garbage(store: Store) -> Garbage:
    """A version of six images, and beside it an original, a table, a part, a leaf and an index that no event names."""
    dataset_id = a_version(store, range(6))
    _, md5 = put_original(store.objects, b"an image that nobody recorded")
    table = write_table(store.objects, QualityIssue, "2026-11-21", an_issue("left over"))
    write_shard(store.objects, QualityIssue, "2026-11-21", 0, an_issue("part"))
    leaf, index = layout.version_file("f" * 64, f"all-{'0' * 24}.csv"), layout.version_file("f" * 64, "index.json")
    store.objects.write_new(leaf, b"image_id\n")
    store.objects.write_new(index, b"{}")
    return Garbage(dataset_id, layout.original(md5), table.key, layout.shard("quality_issues", "2026-11-21", 0), leaf, index)


def a_running_cycle(store: Store, at: datetime) -> dict[str, str]:
    """A cycle that has measured one image and not recorded it yet; name → key of each object that it wrote."""
    cycle_id = f"{at:%Y-%m-%d}"
    an_open_cycle(store, cycle_id)
    one, md5 = put_original(store.objects, b"an image of the running cycle")
    size = SMALL_PNG | {"size_bytes": 30}
    write_shard(store.objects, Image, cycle_id, 0, pl.DataFrame([{"image_id": one, "md5": md5} | size]))
    checkpoint = layout.checkpoint(cycle_id, f"{'a' * 24}/head-00001-{'b' * 24}.ckpt")
    store.objects.write_new(checkpoint, b"epoch 1")
    return {"original": layout.original(md5), "part": layout.shard("images", cycle_id, 0), "checkpoint": checkpoint}


def an_issue(name: str) -> pl.DataFrame:
    """One row of a small table."""
    return pl.DataFrame({"image_id": [image_id(name)], "rule": "flat", "value": 1.0, "limit": 6.0})


def a_tended_project(**housekeeping: object) -> Project:
    """A project whose collections move and delete objects."""
    return a_project(housekeeping={"is_dry_run": False} | housekeeping)
