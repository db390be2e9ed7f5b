"""Tests of labels, keys and colours in the forms of all kinds."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from given import a_project

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.form_labels import COLOURS, labels
from pipeline_tasks.kinds.registry import kind_of

NAMES = [f"class {number}" for number in range(30)]
TOOLS = set("behkmopruvw")
"""Label Studio's own letters: tools, and U, which unselects a region."""
SKELETON = {"gripper": [f"point {number}" for number in range(12)]}
FORMS = {
    "class": {"label_kind": "class", "classes": NAMES},
    "classes": {"label_kind": "classes", "classes": NAMES},
    "box": {"label_kind": "box", "classes": NAMES},
    "mask": {"label_kind": "mask", "classes": NAMES},
    "mask of objects": {"label_kind": "mask", "classes": NAMES, "labels": {"regions": "instance"}},
    "keypoints": {"label_kind": "keypoints", "classes": ["gripper"], "labels": {"skeleton": SKELETON}},
    "keypoints in boxes": {"label_kind": "keypoints", "classes": ["gripper"], "labels": {"skeleton": SKELETON, "things": "boxes"}},
    "text": {"label_kind": "text", "classes": []},
    "text of boxes": {"label_kind": "text", "classes": [], "labels": {"of": "boxes"}},
}


@pytest.mark.parametrize("name", FORMS)
def test_form__has_no_key_twice_and_none_of_label_studio(name: str) -> None:
    keys = [one.get("hotkey", "") for one in form_of(name).iter() if one.get("hotkey")]

    assert len(set(keys)) == len(keys)
    assert not TOOLS & set(keys)


@pytest.mark.parametrize("name", FORMS)
def test_form__has_its_question_and_classes_above_the_image(name: str) -> None:
    tags = [one.tag for one in form_of(name).iter()]

    assert tags[-1] == "Image"
    assert tags[:3] == ["View", "Header", "Header"]


def test_form__asks_another_question_for_each_kind_if_the_project_states_none() -> None:
    questions = {name: label_form(kind_of(a_project(**FORMS[name])), None).question for name in FORMS}

    assert len(set(questions.values())) == len(FORMS)


@pytest.mark.parametrize("name", ["mask", "mask of objects", "keypoints", "keypoints in boxes"])
def test_form__says_when_to_press_esc_where_label_studio_keeps_what_was_drawn_selected(name: str) -> None:
    assert "then press Esc before the next mask" in hint_of(name) or "press N, then Esc" in hint_of(name)


@pytest.mark.parametrize("name", ["box", "mask", "mask of objects", "keypoints in boxes", "text of boxes"])
def test_form__says_when_to_hold_ctrl_where_a_click_would_move_or_select_what_is_there(name: str) -> None:
    assert "hold Ctrl" in hint_of(name)


def test_labels__have_colours_of_their_own_and_leave_the_rest_to_label_studio() -> None:
    found = [one.get("background") for one in ET.fromstring(f"<View>{labels(NAMES)}</View>")]

    assert found == [*COLOURS, *[None] * (len(NAMES) - len(COLOURS))]
    assert len({round_trip for colour in COLOURS for round_trip in shades(colour)}) == len(COLOURS)


def form_of(name: str) -> ET.Element:
    return ET.fromstring(label_form(kind_of(a_project(**FORMS[name])), "What?").xml)


def hint_of(name: str) -> str:
    _, hint, *_ = form_of(name).iter("Header")
    return hint.get("value", "")


def shades(colour: str) -> Iterator[tuple[int, ...]]:
    """The colour in eight steps a channel: equal for colours that are hard to tell apart."""
    yield tuple(int(colour[at : at + 2], 16) // 32 for at in (1, 3, 5))
