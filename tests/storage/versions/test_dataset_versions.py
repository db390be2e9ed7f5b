"""Tests of manifests of versions: small leaves, written once, shared by later versions."""

from __future__ import annotations

import hashlib
import json

import polars as pl
import pytest
from given import image_id

from pipeline_tasks.errors import CorruptObjectError, NotFoundError
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.storage.blobs.version_index import index_key, read_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import differing_rows, read_version, write_version

pytestmark = pytest.mark.slow

FIRST, SECOND, THIRD = "1" * 64, "2" * 64, "3" * 64


def rows(count: int, relabelled: int | None = None) -> pl.DataFrame:
    ids = [image_id(number) for number in range(count)]
    classes = ["nut" if number == relabelled else "bolt" for number in range(count)]
    return pl.DataFrame({"image_id": ids, "class_name": classes}).sort("image_id")


def test_write_version__is_read_back(store: Store) -> None:
    key = write_version(store.objects, FIRST, rows(300), about=VersionAbout(class_names=["bolt"]))

    assert key == index_key(FIRST)
    assert read_version(store.objects, FIRST).equals(rows(300))
    assert read_index(store.objects, FIRST).about == VersionAbout(class_names=["bolt"])


def test_write_version__twice_changes_nothing(store: Store) -> None:
    write_version(store.objects, FIRST, rows(30), about=VersionAbout())
    keys = list(store.objects.list(""))

    write_version(store.objects, FIRST, rows(30), about=VersionAbout(), earlier=None)

    assert list(store.objects.list("")) == keys


def test_write_version__writes_only_leaves_that_changed(store: Store) -> None:
    write_version(store.objects, FIRST, rows(1000), about=VersionAbout())

    write_version(store.objects, SECOND, rows(1001), about=VersionAbout(), earlier=FIRST)

    assert len(list(store.objects.list(f"versions/{SECOND}/"))) == 2, "one leaf and the index"
    assert read_version(store.objects, SECOND).equals(rows(1001))


def test_read_version__notices_a_changed_leaf(store: Store) -> None:
    write_version(store.objects, FIRST, rows(1), about=VersionAbout())
    leaf = read_index(store.objects, FIRST).leaves[0].key
    store.objects.replace(leaf, b"{}", store.objects.read(leaf).etag)

    with pytest.raises(CorruptObjectError, match="wanted sha256"):
        read_version(store.objects, FIRST)


def test_read_index__refuses_the_index_of_another_version_and_a_missing_one(store: Store) -> None:
    with pytest.raises(NotFoundError):
        read_index(store.objects, FIRST)
    store.objects.write_new(index_key(FIRST), b'{"dataset_id": "other"}')
    store.objects.write_new(index_key(SECOND), b"rot")
    lopsided = {"dataset_id": THIRD, "leaves": {"prefix": ["0"], "sha256": [], "rows": [], "size_bytes": [], "written_by": []}}
    store.objects.write_new(index_key(THIRD), json.dumps(lopsided).encode())

    with pytest.raises(CorruptObjectError, match="found that of other"):
        read_index(store.objects, FIRST)
    for dataset_id in (SECOND, THIRD):
        with pytest.raises(CorruptObjectError, match="not the index"):
            read_index(store.objects, dataset_id)


def test_write_version__refuses_a_damaged_leaf(store: Store) -> None:
    write_version(store.objects, FIRST, rows(1), about=VersionAbout())
    leaf = read_index(store.objects, FIRST).leaves[0].key
    store.objects.delete(index_key(FIRST))
    store.objects.replace(leaf, b"{}", store.objects.read(leaf).etag)

    with pytest.raises(CorruptObjectError, match="wanted the bytes it was written with"):
        write_version(store.objects, FIRST, rows(1), about=VersionAbout())


def test_write_version__refers_to_the_leaves_of_all_earlier_versions(store: Store) -> None:
    write_version(store.objects, FIRST, rows(3000), about=VersionAbout())
    write_version(store.objects, SECOND, rows(3001), about=VersionAbout(), earlier=FIRST)

    write_version(store.objects, THIRD, rows(3002), about=VersionAbout(), earlier=SECOND)

    writers = {leaf.key.split("/")[1] for leaf in read_index(store.objects, THIRD).leaves}
    assert writers == {FIRST, SECOND, THIRD}
    assert read_version(store.objects, THIRD).equals(rows(3002))


def test_write_version__cuts_a_large_version_into_more_leaves_in_folders(store: Store) -> None:
    large = rows(40_000)
    write_version(store.objects, FIRST, large, about=VersionAbout())

    leaf = read_index(store.objects, FIRST).leaves[0]
    assert len(leaf.prefix) == 3
    assert leaf.key.startswith(f"versions/{FIRST}/{leaf.prefix[:2]}/{leaf.prefix}-")
    assert store.objects.read(leaf.key).content.count(b"\n") == leaf.rows + 1, "a header and a line a row"
    assert read_version(store.objects, FIRST).equals(large)


def test_read_version__reads_a_version_of_the_first_format(store: Store) -> None:
    leaf = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows(3).to_dicts()).encode()
    key, sha256 = f"versions/{FIRST}/00-abc.jsonl", hashlib.sha256(leaf).hexdigest()
    index = {"dataset_id": FIRST, "about": {"label_kind": "class"}, "leaves": [{"prefix": "00", "sha256": sha256, "key": key}]}
    store.objects.write_new(key, leaf)
    store.objects.write_new(index_key(FIRST), json.dumps(index).encode())

    write_version(store.objects, SECOND, rows(4), about=VersionAbout(), earlier=FIRST)

    assert read_version(store.objects, FIRST).select("image_id", "class_name").equals(rows(3))
    assert read_version(store.objects, SECOND).equals(rows(4))


def test_differing_rows__opens_only_leaves_that_differ(store: Store) -> None:
    write_version(store.objects, FIRST, rows(3000), about=VersionAbout())
    write_version(store.objects, SECOND, rows(3000, relabelled=7), about=VersionAbout(), earlier=FIRST)
    for leaf in read_index(store.objects, FIRST).leaves:
        if not image_id(7).startswith(leaf.prefix):
            store.objects.delete(leaf.key)

    before, after = differing_rows(store.objects, FIRST, SECOND)

    assert before["image_id"].equals(after["image_id"])
    assert after.filter(pl.col("class_name") == "nut")["image_id"].to_list() == [image_id(7)]


def test_differing_rows__of_versions_with_equal_leaves_are_none(store: Store) -> None:
    write_version(store.objects, FIRST, rows(300), about=VersionAbout(class_names=["bolt"]))
    write_version(store.objects, SECOND, rows(300), about=VersionAbout(class_names=["bolt", "nut"]), earlier=FIRST)

    before, after = differing_rows(store.objects, FIRST, SECOND)

    assert before.is_empty()
    assert after.is_empty()
