"""Tests of the six operations, on each kind of object store."""

from __future__ import annotations

import errno
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from storage.an_s3_server import BUCKET, an_s3_server

from pipeline_tasks.errors import AlreadyThereError, ChangedMeanwhileError, NotFoundError, StorageError
from pipeline_tasks.storage.objects import disk_objects
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.s3_objects import S3Objects


@pytest.fixture(scope="module")
def s3_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with an_s3_server(tmp_path_factory.mktemp("s3")) as client:
        yield client


@pytest.fixture(params=["disk", "memory", pytest.param("s3", marks=pytest.mark.services)])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "s3":
        return S3Objects(request.getfixturevalue("s3_client"), BUCKET, f"tests/{tmp_path.name}")
    return DiskObjects(tmp_path / "root") if request.param == "disk" else MemoryObjects()


def test_write_new__is_read_back_whole_and_in_part(objects: ObjectStore) -> None:
    objects.write_new("a/b.bin", b"0123456789")

    assert objects.read("a/b.bin").content == b"0123456789"
    assert objects.read_range("a/b.bin", 2, 3) == b"234"
    assert objects.read_range("a/b.bin", 8, 99) == b"89"


def test_sizes__are_those_of_all_objects_below_a_prefix(objects: ObjectStore) -> None:
    for key, content in {"a/1": b"1", "a/2": b"", "b/1": b"123"}.items():
        objects.write_new(key, content)

    assert list(objects.sizes("a/")) == [("a/1", 1), ("a/2", 0)]
    assert dict(objects.sizes("")) == {"a/1": 1, "a/2": 0, "b/1": 3}


def test_write_new__never_replaces(objects: ObjectStore) -> None:
    objects.write_new("a", b"first")

    with pytest.raises(AlreadyThereError):
        objects.write_new("a", b"second")

    assert objects.read("a").content == b"first"


def test_write_new__lets_one_of_many_writers_win(objects: ObjectStore) -> None:
    outcomes: list[str] = []

    def race(number: int) -> None:
        try:
            objects.write_new("key", str(number).encode())
            outcomes.append("won")
        except AlreadyThereError:
            outcomes.append("lost")

    threads = [threading.Thread(target=race, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["lost"] * 15 + ["won"]


def test_replace__needs_the_etag_that_was_last_seen(objects: ObjectStore) -> None:
    etag = objects.write_new("pointer", b"1")

    newer = objects.replace("pointer", b"2", etag)

    assert objects.read("pointer").content == b"2"
    assert objects.read("pointer").etag == newer
    with pytest.raises(ChangedMeanwhileError):
        objects.replace("pointer", b"3", etag)


def test_replace__refuses_a_missing_key(objects: ObjectStore) -> None:
    with pytest.raises(NotFoundError):
        objects.replace("nothing", b"", "etag")


def test_read__says_which_key_is_missing(objects: ObjectStore) -> None:
    with pytest.raises(NotFoundError, match="a/b"):
        objects.read("a/b")
    with pytest.raises(NotFoundError, match="a/b"):
        objects.read_range("a/b", 0, 1)


def test_list__yields_sorted_keys_below_a_prefix(objects: ObjectStore) -> None:
    for key in ("t/b/2", "t/b/1", "t/a/9", "u/1"):
        objects.write_new(key, b"")

    assert list(objects.list("t/b/")) == ["t/b/1", "t/b/2"]
    assert list(objects.list("t/")) == ["t/a/9", "t/b/1", "t/b/2"]
    assert list(objects.list("")) == ["t/a/9", "t/b/1", "t/b/2", "u/1"]
    assert list(objects.list("v/")) == []


def test_delete__frees_the_key_and_may_be_repeated(objects: ObjectStore) -> None:
    objects.write_new("a", b"1")

    objects.delete("a")
    objects.delete("a")

    assert list(objects.list("")) == []
    objects.write_new("a", b"2")


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/../b", "./a", "a\0b", "a/"])
def test_disk_objects__refuses_keys_that_lead_outside_the_root(tmp_path: Path, key: str) -> None:
    with pytest.raises(StorageError, match="key"):
        DiskObjects(tmp_path).write_new(key, b"")


def test_disk_objects__leaves_no_temporary_file(tmp_path: Path) -> None:
    objects = DiskObjects(tmp_path)
    objects.replace("a", b"2", objects.write_new("a", b"1"))

    assert [path.name for path in (tmp_path / ".temporary").iterdir()] == []


def test_disk_objects__syncs_an_object_that_a_killed_writer_only_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"1")
    synced: list[Path] = []
    monkeypatch.setattr(disk_objects, "_sync_folder", synced.append)
    objects = DiskObjects(tmp_path)

    with pytest.raises(AlreadyThereError):
        objects.write_new("a/b/c", b"1")

    # The object's name in b, b's in a, a's in the root: only then may the caller build on it.
    assert {tmp_path / "a" / "b", tmp_path / "a", tmp_path} <= set(synced)
    synced.clear()
    objects.write_new("a/b/d", b"1")
    assert tmp_path / "a" / "b" in synced
    assert tmp_path / "a" not in synced, "what was synced once is not synced again"


def _add_one(folder: Path) -> None:
    objects = DiskObjects(folder)
    for _ in range(25):
        while True:
            standing = objects.read("count")
            try:
                objects.replace("count", str(int(standing.content) + 1).encode(), standing.etag)
                break
            except ChangedMeanwhileError:
                continue


@pytest.mark.slow
def test_disk_objects__loses_no_update_of_concurrent_processes(tmp_path: Path) -> None:
    DiskObjects(tmp_path).write_new("count", b"0")

    processes = [multiprocessing.get_context("spawn").Process(target=_add_one, args=(tmp_path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert DiskObjects(tmp_path).read("count").content == b"100"


def test_reading__syncs_once_an_object_that_a_killed_writer_may_have_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("young", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_bytes(b"linked by a process that was killed before it synced the folder")
    for name, age_s in (("young", 5), ("old", 3600), (".", 3600)):
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    synced: list[str] = []
    monkeypatch.setattr(disk_objects, "_sync_folder", lambda folder: synced.append(folder.name))

    for read in (lambda one: one.read("young/a"), lambda one: list(one.list(""))):
        objects, synced[:] = DiskObjects(tmp_path), []
        read(objects)
        objects.read("young/a")
        objects.read("old/a")
        list(objects.list(""))

        assert synced == ["young"]


def test_reading__works_without_permission_to_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(errno.EROFS, "read-only file system")

    DiskObjects(tmp_path).write_new("a", b"1")
    monkeypatch.setattr(disk_objects, "_sync_folder", refuse)

    assert DiskObjects(tmp_path).read("a").content == b"1"
    assert list(DiskObjects(tmp_path).list("")) == ["a"]
