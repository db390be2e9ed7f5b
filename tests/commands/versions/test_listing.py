"""Tests of the list of versions and of the description of one."""

from __future__ import annotations

import pytest
from given_versions import two_versions

from pipeline_tasks.commands.versions.describing import as_text as show_text
from pipeline_tasks.commands.versions.describing import describe
from pipeline_tasks.commands.versions.listing import as_text, list_versions
from pipeline_tasks.commands.versions.text_table import text_table
from pipeline_tasks.errors import SettingsError, StorageError
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.project_state import Candidate, Champion
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.history.past_store import PastStore
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.state import read_state, state_at
from pipeline_tasks.storage.versions.version_history import TrainedModel, VersionRecord, find_version

pytestmark = pytest.mark.slow


def test_list_versions__names_counts_and_the_models_trained_on_each(store: Store) -> None:
    first, second = two_versions(store)
    exported = [ExportModelSummary(None, digit * 64, version.dataset_id) for digit, version in (("c", first), ("d", second))]
    store.finish("2026-11-21", "export_model", exported[0], sets=[Champion("c" * 64, first.dataset_id, "2026-11-21", None)])
    newest = Candidate("d" * 64, second.dataset_id, "2026-11-22", "2026-11-22", None)
    store.finish("2026-11-22", "export_model", exported[1], sets=[newest])

    found = list_versions(store)

    assert [version.dataset_id for version in found.versions] == [first.dataset_id, second.dataset_id]
    assert [version.images_by_split for version in found.versions] == [{"train": 3, "val": 1, "test": 1}] * 2
    assert [version.labels_new for version in found.versions] == [5, 2]
    assert found.versions[0].models == [TrainedModel("c" * 64, first.dataset_id, "2026-11-21", "champion")]
    lines = as_text(found).splitlines()
    assert f"{'c' * 12} (champion)" in lines[2]
    assert lines[2].startswith(first.dataset_id[:12])
    assert lines[3].startswith(f"{second.dataset_id[:12]} *")
    assert "2026-11-21 22:00" in lines[2]


def test_list_versions__of_a_new_project_says_when_there_will_be_one(store: Store) -> None:
    assert "No dataset version yet" in as_text(list_versions(store))


def test_describe__counts_by_split_class_author_and_reason(store: Store) -> None:
    first, second = two_versions(store)

    found = describe(store, second)

    assert found.images_by_class == {"bolt": 3, "nut": 2}
    assert found.images_by_split_and_class == {"test": {"bolt": 1}, "train": {"bolt": 2, "nut": 1}, "val": {"nut": 1}}
    assert found.images_by_author == {"anna": 4, "ben": 2}, "a2 carries both answers"
    assert found.images_by_reason == {"control: random": 1, "strategy: coverage": 4}
    assert found.left_out == {"quarantined": 1}
    assert found.index_key == index_key(second.dataset_id)
    assert describe(store, first).images_by_author == {"anna": 5}, "as it was known then"
    assert "label authors: anna 4, ben 2" in show_text(found)


def test_describe__tells_own_bytes_of_the_manifest_from_shared_ones(store: Store) -> None:
    first, second = two_versions(store)
    written = [len(store.objects.read(key).content) for key in store.objects.list(f"versions/{second.dataset_id}/")]

    assert describe(store, second).own_bytes == sum(written)
    assert describe(store, first).shared_bytes == 0


def test_find_version__takes_a_unique_start_and_lists_those_that_fit() -> None:
    versions = [VersionRecord(one.ljust(64, "0"), one, 1, None, {}) for one in ("ab", "ac", "b")]

    assert find_version(versions, "b").cycle_id == "b"
    assert find_version(versions, "ac0").cycle_id == "ac"
    with pytest.raises(SettingsError, match=r"ab0+ of cycle ab; ac0+ of cycle ac; found 'a', which fits several"):
        find_version(versions, "a")
    with pytest.raises(SettingsError, match="of cycle b; found 'f', which fits none"):
        find_version(versions, "f")
    with pytest.raises(SettingsError, match="wanted one of: none"):
        find_version([], "")


def test_past_store__shows_no_later_events_and_writes_nothing(store: Store) -> None:
    first, _ = two_versions(store)
    past = PastStore(store.objects, first.sequence)

    assert past.state().dataset.dataset_id == first.dataset_id
    assert past.event("2026-11-22", "given") is None
    assert state_at(store.objects, store.state().sequence) == read_state(store.objects)
    with pytest.raises(StorageError, match="this store shows the past, up to event"):
        past.finish("2026-11-23", "given", ExportModelSummary("Nothing was trained."))


def test_state_at__uses_no_later_snapshot(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_tasks.storage.ledger.state.SNAPSHOT_EVERY_EVENTS", 2)
    two_versions(store)
    assert list(store.objects.list("snapshots/"))

    assert [state_at(store.objects, number).sequence for number in range(1, 7)] == [1, 2, 3, 4, 5, 6]


def test_text_table__is_no_wider_than_the_terminal() -> None:
    table = text_table(["name", "n"], [["a long name of many words", 1], ["b", 20]], width=16)

    assert table.splitlines() == [
        "name           n",
        "------------  --",
        "a long name    1",
        "of many",
        "words",
        "b             20",
    ]


def test_text_table__aligns_numbers_to_the_right() -> None:
    assert text_table(["name", "n"], [["a", 1], ["b", 20], [None, None]]) == "name   n\n----  --\na      1\nb     20\n-      -"
