"""Tests of backups: a copy is a real state of the project, and never replaces another history."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from given import an_open_cycle

from pipeline_tasks.errors import StorageError
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.checkpoint_files import keep_checkpoint, put_candidate
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.care.backup import back_up, is_left_out, restore_backup
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.storage.ledger.generation import empty_project
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore, StoredObject


def write_cycle(objects: ObjectStore, number: int) -> None:
    """Output of a cycle: an image, a model, an event that names them, a pointer, a cache."""
    put_original(objects, b"image %d" % number)
    model = b"model %d" % number
    digest = hashlib.sha256(model).hexdigest()
    objects.write_new(layout.model(digest), model)
    objects.write_new(layout.event(number), Event(number, f"cycle {number}", "promote_model", {"model_digest": digest}).as_bytes())
    objects.write_new(layout.snapshot(number), b"a cache")
    pointer = json.dumps({"model_digest": digest}).encode()
    if number == 1:
        objects.write_new(layout.SERVING_POINTER, pointer)
    else:
        objects.replace(layout.SERVING_POINTER, pointer, objects.read(layout.SERVING_POINTER).etag)


def content(objects: ObjectStore) -> dict[str, bytes]:
    return {key: objects.read(key).content for key in objects.list("") if not is_left_out(key)}


@pytest.fixture
def root() -> MemoryObjects:
    objects = MemoryObjects()
    write_cycle(objects, 1)
    write_cycle(objects, 2)
    return objects


def test_back_up__copies_everything_and_then_only_what_is_new(root: MemoryObjects, tmp_path: Path) -> None:
    copy = DiskObjects(tmp_path / "copy")

    first = back_up(root, copy)
    again = back_up(root, copy)
    write_cycle(root, 3)
    third = back_up(root, copy)

    assert (first.events, first.copied, first.is_fine) == (2, 7, True)
    assert (again.copied, again.bytes_copied) == (0, 0)
    assert third.copied == 4, "an image, a model, an event and the pointer"
    assert content(copy) == content(root)


def test_back_up__beside_a_writer_holds_every_object_of_its_events(root: MemoryObjects) -> None:
    class WrittenMeanwhile(MemoryObjects):
        """A target whose every write finds the project one cycle further."""

        number = 2

        def write_new(self, key: str, content: bytes) -> str:
            self.number += 1
            write_cycle(root, self.number)
            return super().write_new(key, content)

    copy = WrittenMeanwhile()

    back_up(root, copy)

    events = [json.loads(copy.read(key).content) for key in copy.list(layout.LEDGER)]
    assert events
    assert len(list(root.list(layout.LEDGER))) > len(events)
    for event in events:
        copy.read(layout.model(event["summary"]["model_digest"]))


def test_back_up__continues_after_an_interruption_and_copies_objects_before_their_event(root: MemoryObjects) -> None:
    class Breaking(MemoryObjects):
        left = 0

        def write_new(self, key: str, content: bytes) -> str:
            self.left -= 1
            if self.left < 0:
                raise OSError("the place is full")
            return super().write_new(key, content)

    for writes in range(7):
        copy = Breaking()
        copy.left = writes
        with pytest.raises(OSError, match="full"):
            back_up(root, copy)
        for key in copy.list(layout.LEDGER):
            copy.read(layout.model(json.loads(copy.read(key).content)["summary"]["model_digest"]))
        copy.left = 100
        back_up(root, copy)
        assert content(copy) == content(root)


def test_back_up__names_damaged_objects_and_does_not_copy_them(root: MemoryObjects) -> None:
    _, md5 = put_original(root, b"a third image")
    copy = MemoryObjects()
    back_up(root, copy)
    put_original(root, b"a fourth image")
    rotten = layout.original(hashlib.md5(b"a fourth image", usedforsecurity=False).hexdigest())

    class Rotten(MemoryObjects):
        def read(self, key: str) -> StoredObject:
            return StoredObject(b"rot", "x") if key == rotten else root.read(key)

        def list(self, prefix: str):  # type: ignore[no-untyped-def]
            return root.list(prefix)

    summary = back_up(Rotten(), copy)

    assert summary.rotten == (rotten,)
    assert not summary.is_fine
    assert copy.read(layout.original(md5)).content == b"a third image"
    assert rotten not in set(copy.list(""))


def test_back_up__copies_no_event_after_a_damaged_one(root: MemoryObjects) -> None:
    write_cycle(root, 3)
    rotten = root.read(layout.event(2))
    root.replace(layout.event(2), rotten.content[:-1], rotten.etag)
    copy = MemoryObjects()

    summary = back_up(root, copy)

    assert summary.rotten == (layout.event(2),)
    assert list(copy.list(layout.LEDGER)) == [layout.event(1)]


def test_back_up__never_overwrites_the_copy_of_another_project(root: MemoryObjects) -> None:
    other, copy = MemoryObjects(), MemoryObjects()
    for number in (1, 2):
        other.write_new(layout.event(number), Event(number, "else", "open_cycle", {}).as_bytes())
    back_up(root, copy)
    before = content(copy)

    with pytest.raises(StorageError, match=r"found another history: ledger/000000000002\.json is promote_model of cycle cycle 2"):
        back_up(other, copy)

    assert content(copy) == before


def test_back_up__never_empties_a_copy_because_the_project_was_emptied(root: MemoryObjects) -> None:
    copy = MemoryObjects()
    back_up(root, copy)
    before = content(copy)
    empty_project(root)

    with pytest.raises(StorageError, match="wanted a copy of generation 2 of this project, found generation 1"):
        back_up(root, copy)

    assert content(copy) == before


def test_restore_backup__restores_every_byte_into_an_empty_root(root: MemoryObjects, tmp_path: Path) -> None:
    copy, again = DiskObjects(tmp_path / "copy"), DiskObjects(tmp_path / "again")
    back_up(root, copy)

    summary = restore_backup(copy, again)

    assert summary.events == 2
    assert content(again) == content(root)


def test_restore_backup__refuses_a_root_with_another_history_and_a_place_without_a_backup(root: MemoryObjects) -> None:
    with pytest.raises(StorageError, match="found no event of any cycle there"):
        restore_backup(MemoryObjects(), MemoryObjects())
    copy, going_on = MemoryObjects(), MemoryObjects()
    back_up(root, copy)
    restore_backup(copy, going_on)
    write_cycle(going_on, 3)

    with pytest.raises(StorageError, match="another history"):
        restore_backup(copy, going_on)


def test_back_up__copies_all_named_objects_also_the_candidate_of_a_training(store: Store) -> None:
    an_open_cycle(store)
    keep_checkpoint(store.objects, "2026-11-21", "r" * 24, "head", 1, b"epoch 1")
    key, sha256 = put_candidate(store.objects, "2026-11-21", b"candidate")
    store.finish("2026-11-21", "train_model", TrainModelSummary(None, candidate_key=key, candidate_sha256=sha256))
    copy = MemoryObjects()

    back_up(store.objects, copy)

    assert list(copy.list("checkpoints/")) == [key]
    assert verify_objects(copy)[0].damaged == []
