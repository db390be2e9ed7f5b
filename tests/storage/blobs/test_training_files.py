"""Tests of models, candidates, checkpoints and views: verified on every read, and never replaced by another try."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.storage.blobs.checkpoint_files import (
    drop_checkpoints,
    keep_checkpoint,
    newest_checkpoint,
    put_candidate,
    read_candidate,
)
from pipeline_tasks.storage.blobs.model_files import put_model, read_model
from pipeline_tasks.storage.blobs.view_files import read_views, write_views
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore

CYCLE, RECIPE = "2026-11-21", "f" * 64


def rot(objects: ObjectStore, key: str) -> None:
    objects.replace(key, b"rot" * 20, objects.read(key).etag)


def test_put_model__is_read_back_and_damage_is_noticed(store: Store) -> None:
    digest = put_model(store.objects, b"model")
    assert put_model(store.objects, b"model") == digest
    assert read_model(store.objects, digest) == b"model"

    rot(store.objects, layout.model(digest))

    with pytest.raises(CorruptObjectError):
        read_model(store.objects, digest)
    with pytest.raises(CorruptObjectError):
        put_model(store.objects, b"model")


def test_put_candidate__is_read_back_and_damage_is_noticed(store: Store) -> None:
    key, sha256 = put_candidate(store.objects, CYCLE, b"candidate")
    assert put_candidate(store.objects, CYCLE, b"candidate") == (key, sha256)
    assert read_candidate(store.objects, key, sha256) == b"candidate"

    rot(store.objects, key)

    with pytest.raises(CorruptObjectError):
        read_candidate(store.objects, key, sha256)
    with pytest.raises(CorruptObjectError):
        put_candidate(store.objects, CYCLE, b"candidate")


def test_keep_checkpoint__keeps_the_newest_two(store: Store) -> None:
    for epochs in (5, 10, 15):
        keep_checkpoint(store.objects, CYCLE, RECIPE, "head", epochs, f"after {epochs}".encode())

    assert newest_checkpoint(store.objects, CYCLE, RECIPE, "head") == b"after 15"
    assert len(list(store.objects.list("checkpoints/"))) == 2


def test_newest_checkpoint__skips_a_damaged_one(store: Store) -> None:
    keep_checkpoint(store.objects, CYCLE, RECIPE, "head", 5, b"after 5")
    keep_checkpoint(store.objects, CYCLE, RECIPE, "head", 10, b"after 10")
    rot(store.objects, list(store.objects.list("checkpoints/"))[-1])

    assert newest_checkpoint(store.objects, CYCLE, RECIPE, "head") == b"after 5"


def test_newest_checkpoint__is_that_of_the_same_phase_and_recipe(store: Store) -> None:
    keep_checkpoint(store.objects, CYCLE, RECIPE, "head", 5, b"after 5")

    assert newest_checkpoint(store.objects, CYCLE, RECIPE, "live") is None
    assert newest_checkpoint(store.objects, CYCLE, "e" * 64, "head") is None


def test_drop_checkpoints__keeps_the_candidate(store: Store) -> None:
    keep_checkpoint(store.objects, CYCLE, RECIPE, "head", 5, b"after 5")
    key, _ = put_candidate(store.objects, CYCLE, b"candidate")

    drop_checkpoints(store.objects, CYCLE)

    assert list(store.objects.list("checkpoints/")) == [key]


def test_write_views__is_read_back_unless_it_is_damaged(store: Store) -> None:
    views = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert read_views(store.objects, RECIPE, "a" * 64) is None
    write_views(store.objects, RECIPE, "a" * 64, views)
    write_views(store.objects, RECIPE, "a" * 64, views)
    found = read_views(store.objects, RECIPE, "a" * 64)
    assert found is not None
    assert np.array_equal(found, views)

    rot(store.objects, next(store.objects.list("derived/")))

    assert read_views(store.objects, RECIPE, "a" * 64) is None
    write_views(store.objects, RECIPE, "a" * 64, views)
    assert read_views(store.objects, RECIPE, "a" * 64) is not None
