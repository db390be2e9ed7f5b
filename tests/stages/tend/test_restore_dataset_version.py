"""Tests that every training uses a restored version until another event undoes it."""

from __future__ import annotations

from typing import Any

import pytest
from given import STARTED_AT, a_project, an_open_cycle
from given_versions import build, two_versions

from pipeline_tasks.errors import CorruptObjectError, CycleTakenError, SettingsError
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.project_state import Candidate
from pipeline_tasks.records.restore_dataset_version import RestoreDatasetVersionSummary
from pipeline_tasks.stages.tend.restore_dataset_version import restore_dataset_version
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store

pytestmark = pytest.mark.slow


def restore(store: Store, dataset_id: str, cycle_id: str = "2026-11-23T090000", **settings: Any) -> RestoreDatasetVersionSummary:
    run_key = settings.pop("run_key", "test")
    return restore_dataset_version(store, CycleOpening(a_project(**settings), cycle_id, run_key, STARTED_AT, "test"), dataset_id)


def test_restore_dataset_version__lets_the_next_training_use_exactly_that_version(store: Store) -> None:
    first, second = two_versions(store)
    keys = set(store.objects.list(""))

    summary = restore(store, first.dataset_id[:10])
    built = build(store, an_open_cycle(store, "2026-11-24"))

    assert summary.dataset_id == first.dataset_id
    assert (built.dataset_id, built.dataset_cycle_id) == (first.dataset_id, first.cycle_id)
    assert (built.should_train, built.restored_in) == (True, "2026-11-23T090000")
    assert built.images_by_split == first.summary.images_by_split
    assert "restored this dataset version in cycle 2026-11-23T090000" in built.why
    assert read_cycle(store, "2026-11-23T090000").cycle_kind == "restore"
    assert keys <= set(store.objects.list("")), "nothing is deleted"
    assert store.state().values["dataset"] == {"dataset_id": first.dataset_id, "cycle_id": first.cycle_id}
    assert second.dataset_id != first.dataset_id


def test_restore_dataset_version__newest_uses_the_current_labels_again(store: Store) -> None:
    first, second = two_versions(store)
    restore(store, first.dataset_id)
    build(store, an_open_cycle(store, "2026-11-24"))

    summary = restore(store, "newest", "2026-11-25T090000")
    built = build(store, an_open_cycle(store, "2026-11-25"))

    assert (summary.dataset_id, summary.previous_dataset_id) == (None, first.dataset_id)
    assert built.dataset_id == second.dataset_id
    assert built.restored_in is None


def test_restore_dataset_version__trains_on_it_once(store: Store) -> None:
    first, _ = two_versions(store)
    restore(store, first.dataset_id)
    trained = Candidate("c" * 64, first.dataset_id, first.cycle_id, "2026-11-23T090000", None)
    store.finish("2026-11-23T090000", "export_model", restore(store, first.dataset_id), sets=[trained])

    built = build(store, an_open_cycle(store, "2026-11-24"))

    assert not built.should_train
    assert "was trained on this version" in built.why


def test_restore_dataset_version__twice_in_one_cycle_writes_one_event(store: Store) -> None:
    first, second = two_versions(store)
    summary = restore(store, first.dataset_id)
    keys = list(store.objects.list(""))

    assert restore(store, second.dataset_id) == summary
    assert list(store.objects.list("")) == keys
    with pytest.raises(CycleTakenError):
        restore(store, first.dataset_id, run_key="another")


def test_restore_dataset_version__refuses_other_classes_before_anything_is_written(store: Store) -> None:
    first, _ = two_versions(store)

    with pytest.raises(SettingsError, match="wanted the project's"):
        restore(store, first.dataset_id, classes=["bolt", "nut", "washer"])
    with pytest.raises(SettingsError, match="fits none"):
        restore(store, "")
    assert store.event("2026-11-23T090000", "open_cycle") is None


def test_build_dataset_version__refuses_a_restored_version_whose_classes_were_changed_since(store: Store) -> None:
    first, _ = two_versions(store)
    restore(store, first.dataset_id)

    with pytest.raises(SettingsError, match="`versions restore newest`"):
        build(store, an_open_cycle(store, "2026-11-24", classes=["bolt", "nut", "washer"]))


def test_restore_dataset_version__refuses_a_damaged_version(store: Store) -> None:
    first, _ = two_versions(store)
    leaf = read_index(store.objects, first.dataset_id).leaves[0].key
    store.objects.replace(leaf, b"rot", store.objects.read(leaf).etag)

    with pytest.raises(CorruptObjectError):
        restore(store, first.dataset_id)


def test_restore_dataset_version__adds_no_version_to_the_lineage(store: Store) -> None:
    first, second = two_versions(store)
    restore(store, first.dataset_id)
    build(store, an_open_cycle(store, "2026-11-24"))

    reads = LineageReads(store)

    assert [(one.dataset_id, one.cycle_id) for one in reads.versions] == [
        (first.dataset_id, first.cycle_id),
        (second.dataset_id, second.cycle_id),
    ]
    assert reads.about_version(reads.version(first.dataset_id)).rows
