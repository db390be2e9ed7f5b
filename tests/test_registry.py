"""Tests of registries: names are checked early, loaded late, and a wrong name gets a suggestion."""

from __future__ import annotations

import sys

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registry import Registry, is_reference, unknown

SHAPES: Registry[object] = Registry("shape", {"fraction": "fractions:Fraction", "gone": "no_such_module:Gone"})


def test_load__imports_only_the_requested_entry() -> None:
    assert SHAPES.names == ("fraction", "gone")
    assert SHAPES.load("fraction") is sys.modules["fractions"].Fraction


def test_load__imports_a_custom_entry_by_module_and_attribute() -> None:
    assert SHAPES.load("json:dumps") is sys.modules["json"].dumps
    with pytest.raises(SettingsError, match=r"shape 'json:nothing' cannot be imported: .*nothing"):
        SHAPES.load("json:nothing")
    with pytest.raises(SettingsError, match="shape 'gone' cannot be imported: No module named 'no_such_module'"):
        SHAPES.load("gone")


def test_load__names_what_a_custom_entry_lacks() -> None:
    wanted: Registry[object] = Registry("shape", {}, members=("area", "draw"))
    with pytest.raises(SettingsError, match="shape 'json:dumps' is not complete: it lacks area, draw"):
        wanted.load("json:dumps")


def test_check__imports_nothing_and_suggests_the_nearest_name() -> None:
    assert SHAPES.check("gone") == "gone"
    assert SHAPES.check("my.module:Shape") == "my.module:Shape"
    with pytest.raises(ValueError, match=r"unknown shape 'fractoin' \(did you mean 'fraction'\?\); name one of your own as"):
        SHAPES.check("fractoin")


def test_unknown__lists_the_names_where_none_is_near() -> None:
    assert unknown("colour", "zzz", ["red", "blue"]) == "unknown colour 'zzz' (known: red, blue)"


@pytest.mark.parametrize(("name", "is_one"), [("a:b", True), ("a.b:c", True), ("a", False), ("a:", False), ("a b:c", False)])
def test_is_reference__requires_identifiers_around_a_colon(name: str, is_one: bool) -> None:
    assert is_reference(name) == is_one
