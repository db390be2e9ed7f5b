"""Tests that verification lists exactly the missing and damaged objects."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from given_versions import id_of, image, two_versions

from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import VersionCheck, as_text, verify_version
from pipeline_tasks.storage.blobs.version_index import index_key, read_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.seal import unsealed
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.label_object import LabelObject

pytestmark = pytest.mark.slow


def key_of(name: str) -> str:
    return layout.original(hashlib.md5(image(name), usedforsecurity=False).hexdigest())


def damage(store: Store, key: str, content: bytes | None) -> None:
    etag = store.objects.read(key).etag
    if content is None:
        store.objects.delete(key)
    else:
        store.objects.replace(key, content, etag)


def verify(store: Store, number: int, *, full: bool = False) -> VersionCheck:
    with progress_bar("verify", io.StringIO()) as progress:
        return verify_version(store, dataset_versions(store)[number], progress, reads_bytes=full)


@pytest.mark.parametrize("full", [False, True])
def test_verify_version__finds_no_problem_in_an_intact_version(store: Store, full: bool) -> None:
    two_versions(store)

    for number in (0, 1):
        found = verify(store, number, full=full)
        assert found.damages == []
        assert found.is_fine
        assert "fine" in as_text(found)


def test_verify_version__names_exactly_the_originals_that_are_damaged(store: Store) -> None:
    two_versions(store)
    damage(store, key_of("a1"), None)
    damage(store, key_of("a2"), image("a2")[:-1])
    damage(store, key_of("v1"), image("v1") + b"x")
    damage(store, key_of("t1"), image("t1").upper())

    fast, full = verify(store, 0), verify(store, 0, full=True)

    assert {(one.image_id, one.problem) for one in fast.damages} == {
        (id_of("a1"), "missing"),
        (id_of("a2"), "wanted 15 bytes, found fewer"),
        (id_of("v1"), "wanted 15 bytes, found more"),
    }
    assert {one.image_id for one in full.damages} == {id_of(name) for name in ("a1", "a2", "v1", "t1")}
    assert not fast.is_fine
    assert key_of("a1") in as_text(fast)


@pytest.mark.parametrize(("content", "problem"), [(None, "missing"), (b"image_id\nrot\n", "other bytes")])
def test_verify_version__names_a_damaged_leaf(store: Store, content: bytes | None, problem: str) -> None:
    first, _ = two_versions(store)
    leaf = read_index(store.objects, first.dataset_id).leaves[0].key
    damage(store, leaf, content)

    (found,) = verify(store, 0).damages

    assert (found.what, found.key) == ("leaf", leaf)
    assert problem in found.problem


def test_verify_version__names_an_index_that_is_gone_or_that_names_other_rows(store: Store) -> None:
    first, second = two_versions(store)
    other = unsealed(json.loads(store.objects.read(index_key(second.dataset_id)).content), "")
    damage(store, index_key(second.dataset_id), None)

    (gone,) = verify(store, 1).damages
    assert (gone.what, gone.problem) == ("index", "missing")

    damage(store, index_key(first.dataset_id), json.dumps(other | {"dataset_id": first.dataset_id}).encode())
    assert "manifest" in [one.what for one in verify(store, 0).damages]


def test_verify_version__names_a_damaged_label_table(store: Store) -> None:
    two_versions(store)
    damage(store, store.files(LabelObject)[0].key, b"rot")

    (found,) = verify(store, 0).damages

    assert found.what == "table"
    assert "wanted sha256" in found.problem
