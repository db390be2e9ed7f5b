"""Tests of the log of revisions, which only grows."""

from __future__ import annotations

import pytest

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.storage.blobs.annotation_log import append_revision, list_revisions, read_revision
from pipeline_tasks.storage.history.store import Store


def test_append_revision__keeps_each_revision_once(store: Store) -> None:
    for revision in ("b", "a", "b"):
        append_revision(store.objects, "7-1", revision, {"said": revision})
    append_revision(store.objects, "7-12", "c", {"said": "c"})

    assert list(list_revisions(store.objects, "7-1")) == [("7-1", "a"), ("7-1", "b")]
    assert list(list_revisions(store.objects)) == [("7-1", "a"), ("7-1", "b"), ("7-12", "c")]
    assert read_revision(store.objects, "7-1", "b") == {"said": "b"}


def test_read_revision__refuses_an_unknown_revision(store: Store) -> None:
    with pytest.raises(NotFoundError):
        read_revision(store.objects, "7-1", "a")
