"""Tests of erasures and collections of one root, one after the other and at the same time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from given import STARTED_AT, a_project
from given_versions import id_of, two_versions
from storage.erasure.test_erasing import erase_names, named_in

from pipeline_tasks.errors import ChangedMeanwhileError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.stages.tend.collect_garbage import collect_garbage
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.stages.tend.write_storage_report import write_storage_report
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.blobs.thumbnails import put_thumbnail, thumbnail_key
from pipeline_tasks.storage.care import collecting
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.trash import move_to_trash
from pipeline_tasks.tables.unneeded_object import UnneededObject

pytestmark = pytest.mark.slow

IMAGE = "a1"


def tended(store: Store, number: int, *, is_dry_run: bool = False) -> str:
    """A collection that waits for nothing; its cycle."""
    none = dict.fromkeys(["young_days", "trash_days", "damaged_days"], 0)
    project, cycle_id = a_project(housekeeping=none), f"2026-12-{number:02d}"
    plan_collection(store, CycleOpening(project, cycle_id, "test", STARTED_AT + timedelta(days=10 + number), "test"), is_dry_run)
    collect_garbage(store, read_cycle(store, cycle_id))
    write_storage_report(store, read_cycle(store, cycle_id))
    return cycle_id


def with_images_that_are_nobodys(store: Store) -> None:
    """Two versions, the thumbnail of an image in them, and an original and a thumbnail that no event names."""
    two_versions(store)
    put_thumbnail(store.objects, id_of(IMAGE), b"an image, small")
    put_original(store.objects, b"nobody's")
    put_thumbnail(store.objects, "0" * 64, b"nobody's, small")


def test_collection__after_an_erasure_removes_only_unneeded_objects(store: Store) -> None:
    with_images_that_are_nobodys(store)
    erase_names(store, IMAGE)
    before = set(store.objects.list(""))

    for number in range(1, 5):
        tended(store, number)

    gone = {key.split("/")[0] for key in before - set(store.objects.list(""))}
    assert gone <= {"files", "derived", "snapshots", "parts"}
    assert len([key for key in before if key.startswith("files/")]) - len(list(store.objects.list("files/"))) == 1
    assert verify_objects(store.objects)[0].damaged == []


def test_erasure__removes_an_image_from_plans_reports_and_the_trash(store: Store) -> None:
    with_images_that_are_nobodys(store)
    # A collection of older code, or a person, has put what is needed there.
    move_to_trash(store.objects, thumbnail_key(id_of(IMAGE)))
    tended(store, 1, is_dry_run=True)
    cycle_id = tended(store, 2, is_dry_run=True)
    move_to_trash(store.objects, thumbnail_key(id_of(IMAGE)))
    assert [key for key in named_in(store.objects, IMAGE) if "unneeded_objects" in key]
    assert [key for key in named_in(store.objects, IMAGE) if key.startswith("reports/")]

    erase_names(store, IMAGE)

    assert named_in(store.objects, IMAGE) == []
    assert not [key for key in store.read(UnneededObject, cycle_id)["key"] if id_of(IMAGE) in key]
    assert verify_objects(store.objects)[0].damaged == []
    tended(store, 3)
    assert verify_objects(store.objects)[0].damaged == []


def test_collection__removes_an_object_that_was_erased_while_it_was_moved(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    two_versions(store)
    store.finish("2026-11-21", "train_model", TrainModelSummary(None, view_recipe="new"))
    view = layout.derived("old", f"{id_of(IMAGE)[:2]}/{id_of(IMAGE)}.npy")
    store.objects.write_new(view, b"views of the image")
    tended(store, 1)

    def move_and_be_overtaken(objects: ObjectStore, key: str, is_needed: object) -> bool:
        content = objects.read(key).content
        if key == view:
            erase_names(store, IMAGE)
        # The erasure has looked through the trash; only now something of its image comes there.
        objects.write_new(layout.trash(key), content)
        objects.delete(key)
        return True

    monkeypatch.setattr(collecting, "move_to_trash", move_and_be_overtaken)
    with pytest.raises(ChangedMeanwhileError, match="erased while collect_garbage worked"):
        tended(store, 2)
    monkeypatch.undo()
    tended(store, 2)

    assert view not in store.objects.list(layout.trash("derived/"))
    assert named_in(store.objects, IMAGE) == []
