"""Tests of storage use by kind."""

from __future__ import annotations

from given_version import a_file, a_version

from pipeline_tasks.storage.care.object_kinds import cycle_of, kind_of
from pipeline_tasks.storage.care.usage import Heap, heaps, version_uses
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_history import dataset_versions


def test_heaps__add_up_by_kind_and_by_cycle_or_recipe() -> None:
    sizes = {
        "derived/thumbnail-160/aa/a.jpg": 3,
        "derived/thumbnail-160/bb/b.jpg": 4,
        f"derived/{'c' * 64}/aa/a.npy": 100,
        "parts/images/cycle=2026-11-21/shard-00000.parquet": 5,
        "parts/images/cycle=2026-11-22/shard-00000.parquet": 6,
        "somebody/else.txt": 1,
    }

    assert heaps(sizes) == [
        Heap("thumbnail", "thumbnail-160", 2, 7),
        Heap("embedded views", "c" * 64, 1, 100),
        Heap("part", "2026-11-21", 1, 5),
        Heap("part", "2026-11-22", 1, 6),
        Heap("not ours", "", 1, 1),
    ]


def test_version_uses__count_objects_that_only_one_version_holds(store: Store) -> None:
    first = a_version(store, range(4))
    second = a_version(store, range(4, 6), "2026-11-22")
    sizes = [len(a_file(number)) for number in range(6)]

    uses = version_uses(store, dataset_versions(store))

    assert (uses[first].images, uses[first].originals_bytes, uses[first].own_bytes) == (4, sum(sizes[:4]), 0)
    assert (uses[second].images, uses[second].originals_bytes, uses[second].own_bytes) == (6, sum(sizes), sum(sizes[4:]))
    assert uses[second].manifest_bytes > 0


def test_kind_of__an_object_in_the_trash_is_its_kind_before() -> None:
    assert kind_of("trash/parts/images/cycle=2026-11-21/shard-00000.parquet").name == "part"
    assert cycle_of("checkpoints/2026-11-21T143000/abc/head-00001-def.ckpt") == "2026-11-21T143000"
    assert not kind_of("readme.txt").is_collected
    assert not kind_of("annotation_log/1/2.json").is_collected
