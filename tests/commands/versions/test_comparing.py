"""Tests of the comparison of versions, with annotators and reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from given_versions import id_of, two_versions

from pipeline_tasks.commands.versions.comparing import BeforeAfter, Change, as_text, compare
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.storage.history.store import Store

pytestmark = pytest.mark.slow


def test_compare__counts_added_removed_and_changed_images(store: Store) -> None:
    first, second = two_versions(store)

    found = compare(store, first, second)

    assert found.added == Change(1, [id_of("a4")], {"nut": 1}, {"train": 1}, {"ben": 1}, {"strategy: coverage": 1})
    assert found.removed
    assert found.relabelled
    assert found.moved
    assert found.removed.image_ids == [id_of("a3")]
    assert found.removed.by_reason == {"quarantined": 1}
    assert found.relabelled.by_class == {"nut → bolt": 1}
    assert found.relabelled.by_author == {"anna": 1, "ben": 1}
    assert found.moved.images == 0
    assert "relabelled: 1\n  by class: nut → bolt 1" in as_text(found)


def test_compare__backwards_uses_what_was_known_when_the_second_version_was_frozen(store: Store) -> None:
    first, second = two_versions(store)

    found = compare(store, second, first)

    assert found.added
    assert found.removed
    assert found.added.image_ids == [id_of("a3")]
    assert found.added.by_author == {"anna": 1}
    assert found.removed.by_reason == {"not labelled": 1}


def test_as_text__names_only_what_differs_in_the_descriptions_of_two_versions(store: Store) -> None:
    first, _ = two_versions(store)
    same = VersionAbout("class", ["bolt", "nut"], {"leaks": 1})
    leaky, renamed = replace(same, leak_report={"leaks": 2}), replace(same, class_names=["bolt", "washer"])
    found = compare(store, first, first)

    said = as_text(replace(found, about_changed=BeforeAfter(same, leaky)))
    assert 'leak report changed: {"leaks": 1} → {"leaks": 2}' in said
    assert "class" not in said
    said = as_text(replace(found, about_changed=BeforeAfter(same, renamed)))
    assert 'class names changed: ["bolt", "nut"] → ["bolt", "washer"]' in said


def test_compare__of_a_version_with_itself_is_unchanged(store: Store) -> None:
    first, _ = two_versions(store)

    found = compare(store, first, first)

    assert found.is_unchanged
    assert "unchanged" in as_text(found)
