"""Tests of the colours and keys that a project sets, in the forms of all kinds."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from given import a_project
from kinds.test_form_labels import FORMS

from pipeline_tasks.annotations.form_styles import with_styles
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.settings.styles import NameStyle

RED_ON_2 = {"class 0": NameStyle(colour="red", hotkey="2")}


def form_of(name: str) -> str:
    return label_form(kind_of(a_project(**FORMS[name])), "What?").xml


@pytest.mark.parametrize("name", ["box", "mask", "mask of objects"])
def test_form__has_a_label_in_its_colour_and_one_of_them_on_its_key(name: str) -> None:
    styled = ET.fromstring(with_styles(form_of(name), RED_ON_2))
    labels = [one for one in styled.iter("Label") if one.get("value") == "class 0"]

    assert {one.get("background") for one in labels} == {"#ff0000"}
    assert [one.get("value") for one in styled.iter() if one.get("hotkey") == "2"] == ["class 0"]


@pytest.mark.parametrize("name", ["class", "classes"])
def test_form__has_a_choice_with_a_bar_of_its_colour(name: str) -> None:
    styled = ET.fromstring(with_styles(form_of(name), RED_ON_2))
    (choice,) = (one for one in styled.iter("Choice") if one.get("value") == "class 0")

    assert (choice.get("hotkey"), choice.get("style")) == ("2", "border-left:8px solid #ff0000;padding-left:6px")
    assert [one.get("value") for one in styled.iter() if one.get("hotkey") == "2"] == ["class 0"]


def test_form__has_all_points_of_a_class_in_its_colour_and_no_key_twice() -> None:
    styled = ET.fromstring(with_styles(form_of("keypoints in boxes"), {"gripper": NameStyle(colour="#00ff00", hotkey="g")}))
    keys = [one.get("hotkey") for one in styled.iter() if one.get("hotkey")]

    assert {one.get("background") for one in styled.iter("Label")} == {"#00ff00"}
    assert len(set(keys)) == len(keys)
    assert [one.get("value") for one in styled.iter() if one.get("hotkey") == "g"] == ["gripper"]


@pytest.mark.parametrize("name", FORMS)
def test_form__that_has_its_looks_stays_as_it_is_written(name: str) -> None:
    styled = with_styles(form_of(name), RED_ON_2)

    assert with_styles(styled, RED_ON_2) == styled
    assert with_styles(form_of(name), {}) == form_of(name)
