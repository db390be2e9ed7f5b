"""Tests of renamed, merged and removed names: valid statements in a project file, and messages on names without a statement."""

from __future__ import annotations

import given
import polars as pl
import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.classes.prediction_rows import by_names_of_today
from pipeline_tasks.kinds.name_changes import NO_CHANGES, name_changes, suggested, unknown_names_of

CLASSES = ("bolt", "hex_nut", "washer")


def test_name_changes__follow_renamings_of_several_nights_and_merge_old_names() -> None:
    changes = name_changes({"nut": "nut6", "nut6": "hex_nut", "ring": "washer", "disc": "washer"}, ["scrap"], CLASSES)

    rows = changes.in_rows(pl.DataFrame({"class_name": ["nut", "nut6", "bolt", "disc", "ring", None]}))

    assert rows["class_name"].to_list() == ["hex_nut", "hex_nut", "bolt", "washer", "washer", None]
    assert changes.of_columns(["bolt", "disc", "ring"])[1].tolist() == [[1, 0], [0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("renamed", "removed", "says"),
    [
        ({"nut": "hexnut"}, [], r"renamed_classes: 'nut' → 'hexnut', which is none of classes \(did you mean 'hex_nut'\?\)"),
        ({"bolt": "washer"}, [], "renamed_classes: 'bolt' is still one of classes; take it out"),
        ({"nut": "nut6", "nut6": "nut"}, [], "renamed_classes: nut → nut6 → nut is a circle"),
        ({}, ["bolt"], "removed_classes: 'bolt' is still one of classes"),
        ({"nut": "hex_nut"}, ["nut"], "removed_classes: 'nut' is also in renamed_classes"),
    ],
)
def test_name_changes__that_do_not_fit_the_classes_are_refused_by_the_file(
    renamed: dict[str, str], removed: list[str], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        name_changes(renamed, removed, CLASSES)
    with pytest.raises((SettingsError, ValueError), match=says):
        given.a_project(classes=list(CLASSES), renamed_classes=renamed, removed_classes=removed)


@pytest.mark.parametrize(
    ("old", "counts", "meant"),
    [
        ("nut", {"bolt": 3, "nut": 12, "washer": 9}, "hex_nut"),
        ("Hex Nut", {"bolt": 3, "Hex Nut": 2}, "hex_nut"),
        ("bollt", {"bolt": 3, "bollt": 1, "hex_nut": 1, "washer": 1}, "bolt"),
        ("toothed wheel", {"bolt": 3, "washer": 2, "toothed wheel": 7}, "hex_nut"),
        ("toothed wheel", {"bolt": 3, "toothed wheel": 7}, None),
    ],
)
def test_suggested__is_a_similar_name_or_the_only_one_without_labels(old: str, counts: dict[str, int], meant: str | None) -> None:
    assert suggested(old, CLASSES, counts) == meant


def test_unknown_names__say_name_count_and_both_keys() -> None:
    found = unknown_names_of({"bolt": 30, "nut": 12, "scrap": 1}, CLASSES, name_changes({}, ["scrap"], CLASSES))

    assert found.labels == {"nut": 12}
    assert found.why == (
        "12 labels in the root say 'nut', which is none of the project file's classes (did you mean 'hex_nut'?): left out of "
        "dataset versions, and a model that forgets 'nut' is not promoted. Renamed: add renamed_classes: {nut: hex_nut}. "
        "Not wanted any more: add removed_classes: [nut]."
    )


def test_unknown_names__of_a_kind_without_names_are_none() -> None:
    assert unknown_names_of({"anything": 3}, (), NO_CHANGES).labels == {}


def test_predictions__of_merged_classes_add_up() -> None:
    rows = pl.DataFrame({"model_digest": ["m"] * 3, "image_id": ["a"] * 3, "class_name": ["bolt", "ring", "disc"]})
    rows = rows.with_columns(probability=pl.Series([0.4, 0.35, 0.25]))

    found = by_names_of_today(rows, name_changes({"ring": "washer", "disc": "washer"}, [], CLASSES))

    assert found["class_name"].to_list() == ["bolt", "washer"]
    assert found["probability"].to_list() == pytest.approx([0.4, 0.6])
