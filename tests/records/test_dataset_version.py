"""Tests of a dataset version's description, as its index keeps it."""

from __future__ import annotations

import pytest
from given import a_project

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.registry import kind_of, kind_of_version
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.storage.blobs.version_index import index_bytes, index_key, parse_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.restored_version import check_restorable

TEXT_KIND = "kinds.a_text_kind:TextKind"
DATASET_ID = "d" * 64


def test_about__keeps_the_settings_of_the_kind_and_opens_it_again() -> None:
    kind = kind_of(a_project(label_kind=TEXT_KIND, classes=[], labels={"longest": 20}))
    about = VersionAbout(TEXT_KIND, options=dict(kind.options))

    kept = parse_index(index_bytes(DATASET_ID, about, 0, 0, ()), DATASET_ID).about

    assert kept.options == {"longest": 20, "is_one_line": True}
    assert kind_of_version(kept.label_kind, kept.vocabulary, kept.options).options == kind.options


def test_about__of_a_kind_without_settings_says_nothing_of_them() -> None:
    assert VersionAbout("class", ["bolt", "nut"]).as_json() == {"label_kind": "class", "class_names": ["bolt", "nut"]}
    assert VersionAbout.from_json({"label_kind": "class", "class_names": ["bolt"]}, "an old index").options == {}


def test_check_restorable__names_the_section_to_set_back(store: Store) -> None:
    about = VersionAbout(TEXT_KIND, options={"longest": 9, "is_one_line": True})
    store.objects.write_new(index_key(DATASET_ID), index_bytes(DATASET_ID, about, 0, 0, ()))
    kind = kind_of(a_project(label_kind=TEXT_KIND, classes=[], labels={"longest": 20}))

    with pytest.raises(SettingsError, match=r"'longest': 20.*found .*'longest': 9.*; set labels back, or"):
        check_restorable(store, DATASET_ID, TEXT_KIND, kind)
