"""Tests that a version is read as it was when it was frozen."""

from __future__ import annotations

import pytest
from given import STARTED_AT, an_open_cycle
from given_version import CLASSES, a_label, a_version

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.frozen_versions import read_frozen_version


def test_read_frozen_version__joins_what_is_known_of_each_image(store: Store) -> None:
    dataset_id = a_version(store, range(4))

    frozen = read_frozen_version(store, dataset_id[:5])

    assert (frozen.dataset_id, frozen.cycle_id, frozen.frozen_at) == (dataset_id, "2026-11-21", STARTED_AT)
    assert (frozen.label_kind, frozen.vocabulary) == ("class", CLASSES)
    assert frozen.rows["image_id"].is_sorted()
    assert sorted(frozen.rows["class_name"]) == ["bolt", "bolt", "nut", "nut"]
    assert frozen.rows["annotators"].to_list() == [["person-1"]] * 4
    assert sorted(frozen.rows["orientation"]) == [1, 1, 6, 6]


def test_read_frozen_version__contains_no_later_data(store: Store) -> None:
    dataset_id = a_version(store, range(4))
    before = read_frozen_version(store, dataset_id)
    cycle = an_open_cycle(store, "2026-11-22")
    store.finish("2026-11-22", "given", cycle.arguments, a_label(before.rows["image_id"].to_list(), ["nut"] * 4, "2026-11-22"))

    assert read_frozen_version(store, dataset_id).rows.equals(before.rows)


def test_read_frozen_version__requires_the_beginning_of_exactly_one_id(store: Store) -> None:
    with pytest.raises(SettingsError, match="wanted one of: none; found 'a', which fits none of them"):
        read_frozen_version(store, "a")
    first, second = a_version(store, range(4)), a_version(store, range(4, 6), "2026-11-22")

    assert read_frozen_version(store, first).dataset_id == first
    assert read_frozen_version(store, second).rows.height == 6
    with pytest.raises(SettingsError, match="found '', which fits none of them"):
        read_frozen_version(store, "")
