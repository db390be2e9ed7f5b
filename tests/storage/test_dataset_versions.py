"""Manifests of versions: small leaves, written once, named again."""

from __future__ import annotations

import pytest
from given import image_id

from pipeline_tasks.errors import CorruptObjectError, NotFoundError
from pipeline_tasks.storage.dataset_versions import index_key, read_index, read_version, write_version
from pipeline_tasks.storage.store import Store

FIRST, SECOND = "1" * 64, "2" * 64


def rows(count: int) -> list[dict[str, str]]:
    return [{"image_id": one, "class_name": "bolt"} for one in sorted(image_id(number) for number in range(count))]


def test_write_version__is_read_back(store: Store) -> None:
    key = write_version(store.objects, FIRST, rows(300), about={"class_names": ["bolt"]})

    assert key == index_key(FIRST)
    assert read_version(store.objects, FIRST) == rows(300)
    assert read_index(store.objects, FIRST)["about"] == {"class_names": ["bolt"]}


def test_write_version__twice_changes_nothing(store: Store) -> None:
    write_version(store.objects, FIRST, rows(30), about={})
    keys = list(store.objects.list(""))

    write_version(store.objects, FIRST, rows(30), about={}, earlier=None)

    assert list(store.objects.list("")) == keys


def test_write_version__writes_only_leaves_that_changed(store: Store) -> None:
    write_version(store.objects, FIRST, rows(1000), about={})

    write_version(store.objects, SECOND, rows(1001), about={}, earlier=FIRST)

    assert len(list(store.objects.list(f"versions/{SECOND}/"))) == 2, "one leaf and the index"
    assert read_version(store.objects, SECOND) == rows(1001)


def test_read_version__notices_a_changed_leaf(store: Store) -> None:
    write_version(store.objects, FIRST, rows(1), about={})
    leaf = read_index(store.objects, FIRST)["leaves"][0]["key"]
    store.objects.replace(leaf, b"{}", store.objects.read(leaf).etag)

    with pytest.raises(CorruptObjectError, match="wanted sha256"):
        read_version(store.objects, FIRST)


def test_read_index__refuses_another_versions_index_and_none(store: Store) -> None:
    with pytest.raises(NotFoundError):
        read_index(store.objects, FIRST)
    store.objects.write_new(index_key(FIRST), b'{"dataset_id": "other"}')
    store.objects.write_new(index_key(SECOND), b"rot")

    with pytest.raises(CorruptObjectError, match="found that of other"):
        read_index(store.objects, FIRST)
    with pytest.raises(CorruptObjectError, match="not the index"):
        read_index(store.objects, SECOND)


def test_write_version__refuses_a_leaf_that_rotted(store: Store) -> None:
    write_version(store.objects, FIRST, rows(1), about={})
    leaf = read_index(store.objects, FIRST)["leaves"][0]["key"]
    store.objects.delete(index_key(FIRST))
    store.objects.replace(leaf, b"{}", store.objects.read(leaf).etag)

    with pytest.raises(CorruptObjectError, match="wanted the bytes it was written with"):
        write_version(store.objects, FIRST, rows(1), about={})
