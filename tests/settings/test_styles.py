"""Tests of the settings of colours and keys of classes."""

from __future__ import annotations

from typing import Any

import given
import pytest

from pipeline_tasks.errors import SettingsError


def styles(**of: dict[str, str]) -> dict[str, Any]:
    return {"labeling": {"deadline_s": 1, "styles": of}}


def test_styles__take_a_name_as_its_colour() -> None:
    found = given.a_project(**styles(bolt={"colour": "red"}, nut={"colour": "#0A0b0c", "hotkey": "x"})).labeling.styles

    assert (found["bolt"].colour, found["nut"].colour, found["nut"].hotkey) == ("#ff0000", "#0a0b0c", "x")


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"bolt": {"colour": "reddish"}}, "'reddish' is no colour: wanted #rrggbb or one of black, blue"),
        ({"bolt": {"colour": "#12345"}}, "'#12345' is no colour"),
        ({"bolt": {"hotkey": "b"}}, "'b' is a key of the labeling form itself"),
        ({"bolt": {"hotkey": "x"}, "nut": {"hotkey": "x"}}, "the hotkey 'x' is that of 'bolt', 'nut'"),
        ({"gear": {"hotkey": "x"}}, "'gear' is not in `classes`, which has bolt, nut"),
    ],
)
def test_styles__that_cannot_be_are_refused_with_what_is_wanted(of: dict[str, dict[str, str]], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("(", r"\(")):
        given.a_project(**styles(**of))
