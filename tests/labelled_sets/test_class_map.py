"""Tests of the classes of a labelled set."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_formats import read
from given_sets import a_coco_set, the_set

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.labelled_sets.class_map import class_map

BOXES = {"a.png": [("bolt", 1, 1, 5, 5), ("Mutter", 9, 9, 5, 5)], "b.png": [("scrap", 1, 1, 5, 5)]}
OURS = ("bolt", "nut")


def test_class_map__maps_drops_and_keeps_equal_names(tmp_path: Path) -> None:
    a_coco_set(tmp_path, BOXES)

    found = class_map(read(tmp_path, "box"), the_set(tmp_path, classes={"Mutter": "nut"}, dropped=("scrap",)), OURS)

    assert found.names == {"bolt": "bolt", "Mutter": "nut"}
    assert found.dropped == {"scrap": 1}


def test_class_map__lists_both_sides_for_an_unknown_class(tmp_path: Path) -> None:
    a_coco_set(tmp_path, BOXES)

    with pytest.raises(
        SettingsError, match=r"'Mutter', 'scrap' are no classes of the project.*Mutter \(1\).*bolt, nut.*--map.*--drop"
    ):
        class_map(read(tmp_path, "box"), the_set(tmp_path), OURS)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"classes": {"Muter": "nut"}},
            "'Muter' is mapped or dropped, but no class of the set; its classes are Mutter, bolt, scrap",
        ),
        ({"dropped": ("srap",)}, "'srap' is mapped or dropped"),
        ({"classes": {"Mutter": "nuts"}}, "'Mutter' is mapped to 'nuts', no class of the project; its classes are bolt, nut"),
        ({"classes": {"Mutter": "nut"}, "dropped": ("Mutter",)}, "'Mutter' is mapped and dropped"),
    ],
)
def test_class_map__refuses_lines_that_cannot_be_meant(tmp_path: Path, fields: dict[str, object], says: str) -> None:
    a_coco_set(tmp_path, BOXES)

    with pytest.raises(SettingsError, match=says):
        class_map(read(tmp_path, "box"), the_set(tmp_path, **fields), OURS)
