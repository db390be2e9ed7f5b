"""Tests of erasing images from small projects: removed, replaced and unchanged objects, on disk and in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from given import STARTED_AT, a_project, an_open_cycle
from given_versions import FIRST_NIGHT, build, id_of, image, two_versions

from pipeline_tasks.commands.versions.comparing import BeforeAfter, compare
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import VersionCheck, verify_version
from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.errors import ChangedMeanwhileError, CorruptObjectError, SettingsError
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.erase import EraseSummary
from pipeline_tasks.stages.tend.erase import erase, erasure_of, find_images, images_of_person
from pipeline_tasks.storage.blobs.annotation_log import append_revision, list_revisions
from pipeline_tasks.storage.blobs.version_index import Tombstone, read_index
from pipeline_tasks.storage.care.backup import back_up, restore_backup
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.erasure.erased_images import is_erased_in
from pipeline_tasks.storage.erasure.erasures import images_erased_in
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.table_files import encode
from pipeline_tasks.storage.versions.dataset_versions import read_version
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import with_defaults
from pipeline_tasks.wiring.outside_copies import OutsideCopies

pytestmark = pytest.mark.slow

ERASURE = "2026-11-23T120000"


@pytest.fixture(params=["memory", "disk"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(MemoryObjects() if request.param == "memory" else DiskObjects(tmp_path / "root"))


def erase_names(store: Store, *names: str, cycle_id: str = ERASURE, **others: Any) -> EraseSummary:
    outside = OutsideCopies(a_project(), Path("nowhere"), lambda where: DiskObjects(Path(where)))
    image_ids = [id_of(name) for name in names]
    return erase(store, CycleOpening(a_project(), cycle_id, "test", STARTED_AT, "test"), outside, image_ids, **others)


def named_in(objects: ObjectStore, name: str) -> list[str]:
    """Keys of objects that name an image, or hold its bytes."""
    md5 = hashlib.md5(image(name), usedforsecurity=False).hexdigest()
    found = []
    for key in objects.list(""):
        content = objects.read(key).content
        # Compacted rows are Parquet behind a digest.
        table = content if key.endswith(".parquet") else content[32:] if layout.COMPACTED in key else None
        text = content.decode() if table is None else pl.read_parquet(io.BytesIO(table)).write_json()
        shown = text + key.replace("/", "")
        if id_of(name) in shown or md5 in shown or image(name) in content:
            found.append(key)
    return found


class DeletedTasks:
    """Label Studio, as far as an erasure asks of it."""

    def __init__(self) -> None:
        self.deleted: list[int] = []

    def delete_tasks(self, task_ids: Sequence[int]) -> None:
        self.deleted += task_ids

    def delete_tasks_of(self, project_ids: Collection[int], image_ids: Collection[str]) -> None:
        assert not project_ids, "no project was made again"


class NoDecoder:
    """An erased image has no bytes to decode."""

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        raise AssertionError("nothing is decoded")


def verified(store: Store) -> list[VersionCheck]:
    with progress_bar("verify", io.StringIO()) as progress:
        return [verify_version(store, version, progress, reads_bytes=True) for version in dataset_versions(store)]


def test_erase__takes_an_image_out_of_both_versions_that_held_it(root: Store) -> None:
    first, second = two_versions(root)
    assert named_in(root.objects, "a1")

    summary = erase_names(root, "a1")

    assert named_in(root.objects, "a1") == []
    assert summary.splits_by_version == {one.dataset_id: ["train"] for one in (first, second)}
    for version, held in ((first, 4), (second, 4)):
        index = read_index(root.objects, version.dataset_id)
        assert read_version(root.objects, version.dataset_id).height == held == index.rows
        assert index.tombstones == (Tombstone(summary.tombstones[0], "train", ERASURE),)
    assert [(one.is_fine, one.erased) for one in verified(root)] == [(True, 1), (True, 1)]
    assert verify_objects(root.objects)[0].damaged == []
    compared = compare(root, first, second)
    assert compared.erased == BeforeAfter(1, 1)
    assert id_of("a1") not in str(compared)


def test_erase__keeps_other_images_and_past_states(store: Store) -> None:
    first, _ = two_versions(store)
    labels = store.current(Label).filter(pl.col("image_id") != id_of("a1"))

    erase_names(store, "a1")

    assert store.current(Label).equals(labels)
    assert Store(store.objects).current(Label).equals(labels)
    assert set(PastStore(store.objects, first.sequence).history(Image)["image_id"]) == {id_of(one) for one in FIRST_NIGHT} - {
        id_of("a1")
    }
    assert build(store, an_open_cycle(store, "2026-11-24")).is_changed


def test_erase__does_not_change_a_version_without_the_image(store: Store) -> None:
    first, second = two_versions(store)
    indexes = [read_index(store.objects, one.dataset_id) for one in (first, second)]

    summary = erase_names(store, "a3")

    assert summary.splits_by_version == {first.dataset_id: ["train"]}
    assert read_index(store.objects, second.dataset_id) == indexes[1]
    assert all(one.is_fine for one in verified(store))


def test_erase__verification_finds_an_index_changed_after_the_erasure(store: Store) -> None:
    first, _ = two_versions(store)
    erase_names(store, "a1")
    key = layout.version_file(first.dataset_id, "index.json")
    standing = store.objects.read(key)
    store.objects.replace(key, standing.content + b" ", standing.etag)

    assert [one.is_fine for one in verified(store)] == [False, True]
    assert [damage.key for damage in verify_objects(store.objects)[0].damaged] == [key]


def test_erase__twice_erases_two_images_and_keeps_both_tombstones(store: Store) -> None:
    first, _ = two_versions(store)

    one = erase_names(store, "a1")
    other = erase_names(store, "a2", cycle_id="2026-11-23T130000")

    assert named_in(store.objects, "a1") == named_in(store.objects, "a2") == []
    shown = {tombstone.tombstone for tombstone in read_index(store.objects, first.dataset_id).tombstones}
    assert shown == {*one.tombstones, *other.tombstones}
    assert all(one.is_fine for one in verified(store))
    assert verify_objects(store.objects)[0].damaged == []


def test_erase__puts_one_tombstone_into_the_log_for_each_annotation(store: Store) -> None:
    two_versions(store)
    for revision in ("a", "b"):
        content = {"image_id": id_of("a1"), "revision": revision}
        append_revision(store.objects, "a1-anna", hashlib.sha256(revision.encode()).hexdigest(), content)
    append_revision(store.objects, "5-5", "c" * 64, {"image_id": id_of("a1"), "was": "never recorded"})

    assert erase_names(store, "a1").revisions == 2

    ((annotation_id, revision),) = list_revisions(store.objects)
    assert annotation_id == "a1-anna"
    content = store.objects.read(layout.annotation_revision(annotation_id, revision)).content
    assert hashlib.sha256(content).hexdigest() == revision
    assert id_of("a1").encode() not in content


def test_erase__gives_the_group_and_its_split_to_the_next_image(store: Store) -> None:
    two_versions(store)
    ids = {name: id_of(name) for name in FIRST_NIGHT}
    cycle = an_open_cycle(store, "2026-11-23")
    members = [("a1", "a1", False), ("a2", "a1", False), ("a3", "a1", True), ("v1", "t1", True), ("t1", "t1", False)]
    groups = [{"image_id": ids[one], "duplicate_group_id": ids[group], "is_contested": flag} for one, group, flag in members]
    of_split = pl.DataFrame({"image_id": [ids["a1"], ids["a2"]], "split_group_id": [ids["a1"]] * 2})
    store.finish(cycle.cycle_id, "given", cycle.arguments, [(DuplicateGroup, pl.DataFrame(groups)), (SplitGroup, of_split)])

    erase_names(store, "a1", "t1")

    left = store.read(DuplicateGroup, "2026-11-23").select("image_id", "duplicate_group_id").rows()
    assert set(left) == {(ids["a2"], ids["a2"]), (ids["a3"], ids["a2"]), (ids["v1"], ids["v1"])}
    assert store.read(SplitGroup, "2026-11-23").rows() == [(ids["a2"], ids["a2"])]
    splits = dict(store.history(Split).select("split_group_id", "split").iter_rows())
    assert splits[ids["a2"]] == "train"
    assert ids["t1"] not in splits


def test_erase__removes_the_image_from_trash_damaged_copies_and_unnamed_tables(root: Store) -> None:
    two_versions(root)
    rows = root.history(Image).filter(pl.col("image_id") == id_of("a1"))
    md5 = rows["md5"][0]
    orphan = encode(Image, rows)
    for key in ("tables/images/cycle=x/part-1.parquet", "trash/tables/images/cycle=x/part-2.parquet"):
        root.objects.write_new(key, orphan)
    root.objects.write_new("trash/" + layout.original(md5), image("a1"))
    root.objects.write_new(layout.set_aside(layout.original(md5), "0" * 64), b"rot")
    root.objects.write_new(layout.original("f" * 32) + ".dir", f'[{{"md5": "{md5}"}}]'.encode())
    root.objects.write_new("trash/" + layout.original("e" * 32), b"somebody else's")

    erase_names(root, "a1")

    assert named_in(root.objects, "a1") == []
    assert "trash/" + layout.original("e" * 32) in set(root.objects.list("trash/"))


def test_erase__recognises_an_erased_image_by_its_keyed_digest(store: Store) -> None:
    two_versions(store)
    erase_names(store, "a1")

    is_erased = is_erased_in(store)

    assert is_erased(id_of("a1"))
    assert not is_erased(id_of("a2"))
    store.objects.delete(layout.ERASURE_KEY)
    with pytest.raises(CorruptObjectError, match="wanted the key"):
        is_erased_in(store)


def test_erase__dry_run_says_what_the_real_one_does_and_changes_nothing(store: Store) -> None:
    two_versions(store)
    before = {key: store.objects.read(key).content for key in store.objects.list("")}

    told = erasure_of(store, [id_of("a1")])

    assert {key: store.objects.read(key).content for key in store.objects.list("")} == before
    done = erase_names(store, "a1")
    assert (told.rows_by_table, told.splits_by_version, told.models) == (done.rows_by_table, done.splits_by_version, done.models)
    assert told.rows_by_table["images"] == told.rows_by_table["annotations"] == 1


def test_erase__refuses_what_fits_no_image_before_anything_is_written(store: Store) -> None:
    two_versions(store)

    for wanted, said in (("ffffffff", "fits no image"), (id_of("a1")[:4], "fits no image")):
        with pytest.raises(SettingsError, match=said):
            find_images(store, [wanted])
    with pytest.raises(SettingsError, match="at least one"):
        erase_names(store)
    assert store.event(ERASURE, "open_cycle") is None


def test_erase__makes_a_stage_fail_that_read_before_it(store: Store) -> None:
    two_versions(store)
    slow = Store(store.objects)
    cycle = an_open_cycle(store, "2026-11-24")
    assert slow.finished(cycle.cycle_id, "slow", EraseSummary) is None
    rows = slow.history(Image)
    erase_names(store, "a1")

    with pytest.raises(ChangedMeanwhileError, match="erased while slow worked"):
        slow.finish(cycle.cycle_id, "slow", cycle.arguments, [(Image, rows)])

    assert store.event(cycle.cycle_id, "slow") is None


def test_erase__of_a_person_finds_images_by_folder_file_name_and_device(store: Store) -> None:
    cycle = an_open_cycle(store)
    seen = {"source": "inbox", "object_version": "1", "modified_at": STARTED_AT}
    keys = [("maria/1.png", None), ("2/maria.png", None), ("3.png", "maria"), ("mariah/4.png", None)]
    rows = [seen | {"key": key, "device": device, "image_id": id_of(key)} for key, device in keys]
    store.finish(cycle.cycle_id, "given", cycle.arguments, [(Sighting, with_defaults(Sighting, pl.DataFrame(rows)))])

    assert images_of_person(store, "maria") == sorted(id_of(key) for key, _ in keys[:3])
    with pytest.raises(SettingsError, match="none like 'nobody'"):
        images_of_person(store, "nobody")


def test_back_up__removes_only_erased_images_from_a_copy(root: Store, tmp_path: Path) -> None:
    two_versions(root)
    copy = DiskObjects(tmp_path / "copy")
    back_up(root.objects, copy)
    assert named_in(copy, "a1")
    lost = layout.original(hashlib.md5(image("v1"), usedforsecurity=False).hexdigest())
    root.objects.delete(lost)
    erase_names(root, "a1")

    summary = back_up(root.objects, copy)

    assert named_in(copy, "a1") == []
    assert summary.erased > 0
    assert back_up(root.objects, copy).erased == 0
    assert lost in set(copy.list("")), "what the root lost otherwise is still in the copy"
    restored = Store(MemoryObjects())
    restore_backup(copy, restored.objects)
    assert named_in(restored.objects, "a1") == []
    assert [(one.is_fine, one.erased) for one in verified(restored)] == [(True, 1), (True, 1)]
    assert is_erased_in(restored)(id_of("a1"))


def test_restore_backup__of_an_old_copy_erases_again_what_a_newer_copy_lists(store: Store) -> None:
    two_versions(store)
    old, restored = MemoryObjects(), MemoryObjects()
    back_up(store.objects, old)
    erase_names(store, "a1")
    restore_backup(old, restored)

    assert images_erased_in(Store(restored), store.objects) == [id_of("a1")]
    erase_names(Store(restored), "a1")

    assert named_in(restored, "a1") == []


def test_explain__of_a_tombstone_says_when_and_by_which_cycle(store: Store, tmp_path: Path) -> None:
    two_versions(store)
    tombstone = erase_names(store, "a1").tombstones[0]

    node = explain(store, tombstone[:12], tmp_path, NoDecoder())

    assert (node.kind, node.name, node.fields["cycle_id"]) == ("erased image", tombstone, ERASURE)
    assert "2026-11-21" in node.says
    with pytest.raises(SettingsError, match="nothing starts with"):
        explain(store, id_of("a1"), tmp_path, NoDecoder())


def test_erase__says_that_label_studio_did_not_respond(store: Store) -> None:
    two_versions(store)
    cycle = an_open_cycle(store, "2026-11-23")
    task = {"task_key": id_of("task"), "round_id": "round", "image_id": id_of("a1"), "purpose": "first", "copy_number": 0}
    task |= {"label_config_digest": id_of("config"), "label_studio_project_id": 3, "label_studio_task_id": 17, "assigned_to": None}
    store.finish(cycle.cycle_id, "given", cycle.arguments, [(LabelingTask, pl.DataFrame(task))])

    summary = erase_names(store, "a1")

    assert (summary.labeling_tasks, len(summary.left_outside)) == (1, 1)
    assert named_in(store.objects, "a1") == [layout.erasure_plan(ERASURE)], "the plan alone knows what is left"

    again = erase_names(store, label_studio=(tasks := DeletedTasks()))

    assert (tasks.deleted, again.left_outside) == ([17], [])
    assert named_in(store.objects, "a1") == []
