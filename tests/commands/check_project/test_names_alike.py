"""Tests of finding class names that may be misspellings of each other."""

from __future__ import annotations

import pytest

from pipeline_tasks.commands.check_project.names_alike import names_alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gear", "gear"),
        ("hex_nut", "hex nut"),
        ("hex-nut", "HexNut"),
        ("bearing", "bearings"),
        ("chipped_gear", "chiped_gear"),
        ("screw", "scerw"),
    ],
)
def test_names_alike__finds_names_that_differ_by_case_separators_or_one_letter(one: str, other: str) -> None:
    assert names_alike(["washer", one, other]) == [(one, other)]
    assert names_alike([other, one, "washer"]) == [(other, one)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("cat", "cap"), ("nut", "nuts"), ("class_1", "class_11"), ("male", "female"), ("left arm", "left ear"), ("", "a")],
)
def test_names_alike__accepts_different_names(one: str, other: str) -> None:
    assert names_alike([one, other]) == []
