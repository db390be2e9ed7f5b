"""Tests that exactly the damaged objects are listed, and that a second copy repairs them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from storage.a_rotted_root import KINDS, a_full_root, copy_of, damage, rot, swap

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.care.mending import verify_and_mend
from pipeline_tasks.storage.care.verifying import Verification, verify_objects
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.tables.image import Image

pytestmark = pytest.mark.slow

WRITTEN_ONCE = ("files", "tables", "ledger", "versions", "models")
CHECKED_FOLDERS = (*WRITTEN_ONCE, "cycles", "annotation_log", "checkpoints", "snapshots", "serving", "compacted")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "root"
    a_full_root(folder, 20)
    return folder


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    copy_of(original, tmp_path / "root")
    return tmp_path / "root"


def verified(folder: Path) -> Verification:
    return verify_objects(DiskObjects(folder))[0]


def contents(objects: DiskObjects) -> dict[str, bytes]:
    return {key: objects.read(key).content for key in objects.list("") if not key.startswith(layout.SET_ASIDE)}


def test_verify_objects__finds_no_damage_in_an_intact_root_and_counts_unchecked_objects(original: Path) -> None:
    heard: list[tuple[int, int]] = []

    found, _ = verify_objects(DiskObjects(original), lambda done, total: heard.append((done, total)))

    assert found.damaged == []
    assert found.objects == len(list(DiskObjects(original).list("")))
    # Thumbnails, parts (of images and of trials) and reports are made again at need.
    assert found.unchecked == {"derived": 9, "parts": 9, "reports": 3}
    assert found.checked == found.objects - 21
    assert heard[-1] == (found.objects, found.objects)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "swapped"])
@pytest.mark.parametrize("folder", CHECKED_FOLDERS)
def test_verify_objects__names_one_damaged_object_of_each_folder(root: Path, folder: str, kind: str) -> None:
    key = sorted(DiskObjects(root).list(folder + "/"))[0]
    damage(root / key, kind, random.Random(1))

    damaged = [one.key for one in verified(root).damaged]

    # Nobody names a snapshot, a log entry or the pointer: where such a one is gone, nobody knows of it.
    is_unknown = kind == "missing" and folder in ("snapshots", "annotation_log", "serving", "compacted")
    assert damaged == ([] if is_unknown else [key])


@pytest.mark.parametrize("folder", [*WRITTEN_ONCE, "snapshots", "compacted"])
def test_verify_objects__names_both_of_two_swapped_objects(root: Path, folder: str) -> None:
    keys = list(DiskObjects(root).list(folder + "/"))
    first, second = keys[0], next(key for key in keys[1:] if (root / key).read_bytes() != (root / keys[0]).read_bytes())
    swap(root / first, root / second)

    assert [one.key for one in verified(root).damaged] == [first, second]


def test_verify_objects__names_the_expected_digest_and_the_object_that_refers_to_it(root: Path) -> None:
    store = Store(DiskObjects(root))
    table = store.files(Image)[0]
    (root / table.key).write_bytes(b"rotten")
    row = store.read(Image, "2026-12-01").row(0, named=True)
    (root / layout.original(row["md5"])).unlink()

    found = {one.key: one for one in verified(root).damaged}

    assert found[table.key].why.startswith(f"wanted sha256 {table.sha256}, found ")
    assert found[table.key].named_by == layout.event(2)
    assert found[layout.original(row["md5"])].why == "missing"
    assert found[layout.original(row["md5"])].named_by == store.files(Image)[-1].key
    assert len(found) == 2


def test_readers__refuse_damaged_and_swapped_objects(root: Path) -> None:
    store = Store(DiskObjects(root))
    first, second = store.read(Image, "2026-12-01").head(2).iter_rows(named=True)
    swap(root / layout.original(first["md5"]), root / layout.original(second["md5"]))
    models = [key.removeprefix("models/").removesuffix(".onnx") for key in store.objects.list("models/")]
    swap(root / layout.model(models[0]), root / layout.model(models[1]))

    for row in (first, second):
        with pytest.raises(CorruptObjectError, match=row["image_id"]):
            read_original(store.objects, row["image_id"], row["md5"])
    for digest in models[:2]:
        with pytest.raises(CorruptObjectError, match=digest):
            read_model(store.objects, digest)


def test_state__is_right_without_a_snapshot_whose_bits_flipped(root: Path) -> None:
    whole = Store(DiskObjects(root)).state()
    newest = root / list(DiskObjects(root).list(layout.SNAPSHOTS))[-1]
    newest.write_bytes(newest.read_bytes().replace(b'"rows": 3', b'"rows": 7'))

    assert Store(DiskObjects(root)).state() == whole


def test_event__whose_bits_flipped_is_refused(root: Path) -> None:
    for snapshot in (root / "snapshots").iterdir():
        snapshot.unlink()
    event = root / layout.event(3)
    event.write_bytes(event.read_bytes().replace(b'"found": 2', b'"found": 3'))

    with pytest.raises(CorruptObjectError, match=layout.event(3)):
        Store(DiskObjects(root)).state()
    (root / layout.event(3)).write_bytes((root / layout.event(4)).read_bytes())
    with pytest.raises(CorruptObjectError, match="wanted event 3, found event 4"):
        Store(DiskObjects(root)).state()


def test_verify_and_mend__restores_the_intact_bytes_and_sets_the_damaged_ones_aside(
    root: Path, original: Path, tmp_path: Path
) -> None:
    copy, objects = copy_of(original, tmp_path / "copy"), DiskObjects(root)
    keys = [key for key in objects.list("") if key.split("/")[0] in WRITTEN_ONCE]
    # Every other one: an event is known again by its neighbours.
    done = rot(root, keys[::2])
    bad = {key: objects.read(key).content for key in done if (root / key).exists()}

    mending = verify_and_mend(objects, copy)

    assert sorted(mending.mended) == sorted(done)
    assert (mending.verification.damaged, mending.not_mended) == ([], {})
    assert contents(objects) == contents(copy)
    aside = {key.split("/", 2)[2]: objects.read(key).content for key in objects.list(layout.SET_ASIDE)}
    assert aside == bad


def test_verify_objects__says_which_damaged_objects_may_name_one_that_is_gone(root: Path, original: Path, tmp_path: Path) -> None:
    whole = verify_objects(DiskObjects(root))[1]
    model, event = next((key, by) for key, by in whole.named_by.items() if key.startswith("models/") and by.startswith("ledger/"))
    damage(root / event, "truncated", random.Random(1))
    (root / model).unlink()

    found = verified(root)
    mending = verify_and_mend(DiskObjects(root), copy_of(original, tmp_path / "copy"))

    assert ([one.key for one in found.damaged], found.may_name_more) == ([event], [event])
    assert mending.mended == [event, model]
    assert (mending.verification.damaged, mending.verification.may_name_more) == ([], [])


def test_verify_and_mend__says_why_a_copy_does_not_help(root: Path, original: Path, tmp_path: Path) -> None:
    copy, objects = copy_of(original, tmp_path / "copy"), DiskObjects(root)
    lacking, rotten = list(objects.list("models/"))[:2]
    for key in (lacking, rotten):
        damage(root / key, "bit flipped", random.Random(1))
    copy.delete(lacking)
    damage(tmp_path / "copy" / rotten, "truncated", random.Random(2))

    mending = verify_and_mend(objects, copy)

    assert mending.mended == []
    assert mending.not_mended[lacking] == "the copy has no such object"
    assert "the copy's object is damaged, too: wanted sha256" in mending.not_mended[rotten]
    assert [one.key for one in mending.verification.damaged] == sorted((lacking, rotten))
    assert list(objects.list(layout.SET_ASIDE)) == []


def test_verify_and_mend__uses_no_event_of_another_project(root: Path, tmp_path: Path) -> None:
    other = a_full_root(tmp_path / "other", 0).objects
    assert isinstance(other, DiskObjects)
    for key in list(other.list(layout.LEDGER)):
        content = other.read(key).content
        other.delete(key)
        other.write_new(key, content + b" ")
    damage(root / layout.event(2), "zeroed", random.Random(1))

    mending = verify_and_mend(DiskObjects(root), other)

    assert "may be another project's" in mending.not_mended[layout.event(2)]
