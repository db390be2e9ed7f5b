"""Tests of folder objects and the records of publications."""

from __future__ import annotations

import pytest

from pipeline_tasks.errors import CorruptObjectError, StorageError
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.layout import original, publication
from pipeline_tasks.storage.versions.published_files import (
    Publication,
    known_copies,
    put_folder,
    record_publication,
    stored_originals,
)

FIRST, SECOND = "1" * 64, "2" * 64


def test_put_folder__stores_once_and_refuses_other_bytes(store: Store) -> None:
    key = put_folder(store.objects, "0123.dir", b"[]")

    assert key == original("0123.dir") == "files/md5/01/23.dir"
    assert put_folder(store.objects, "0123.dir", b"[]") == key
    with pytest.raises(CorruptObjectError, match="wanted the folder object of this name"):
        put_folder(store.objects, "0123.dir", b"other")


def test_record_publication__requires_the_folder(store: Store) -> None:
    with pytest.raises(StorageError, match=r"neither in the store nor in its trash: files/md5/01/a\.dir"):
        record_publication(store.objects, Publication(FIRST, "originals", "files/md5/01/a.dir", {}))


def test_record_publication__replaces_the_record_of_the_same_version_only(store: Store) -> None:
    for name in ("01a.dir", "02b.dir", "03c.dir"):
        put_folder(store.objects, name, b"[]")
    key = record_publication(store.objects, Publication(FIRST, "originals", "files/md5/01/a.dir", {}))
    etag = store.objects.read(key).etag
    record_publication(store.objects, Publication(FIRST, "originals", "files/md5/01/a.dir", {}))
    assert store.objects.read(key).etag == etag, "nothing was written"

    record_publication(store.objects, Publication(FIRST, "originals", "files/md5/02/b.dir", {}))
    record_publication(store.objects, Publication(SECOND, "originals", "files/md5/03/c.dir", {}))

    assert b"02/b.dir" in store.objects.read(key).content
    assert list(store.objects.list("published/")) == [publication(FIRST, "originals"), publication(SECOND, "originals")]


def test_known_copies__joins_all_records_of_a_recipe(store: Store) -> None:
    record_publication(store.objects, Publication(FIRST, "canonical-1", "f", {"one": ("a" * 32, 1)}))
    record_publication(store.objects, Publication(SECOND, "canonical-1", "f", {"two": ("b" * 32, 2)}))
    record_publication(store.objects, Publication(SECOND, "canonical-2", "f", {"one": ("c" * 32, 3)}))

    assert known_copies(store.objects, "canonical-1") == {"one": ("a" * 32, 1), "two": ("b" * 32, 2)}


def test_known_copies__refuses_a_damaged_record(store: Store) -> None:
    store.objects.write_new(publication(FIRST, "canonical-1"), b"rot")

    with pytest.raises(CorruptObjectError, match="not the record of a publication"):
        known_copies(store.objects, "canonical-1")


def test_stored_originals__are_the_keys_below_files(store: Store) -> None:
    _, md5 = put_original(store.objects, b"1")
    store.objects.write_new("reports/a", b"")

    assert stored_originals(store.objects) == {original(md5)}
