"""Tests of the form, the parsing and the consensus of texts."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
from given import a_project
from kinds.texts.given_texts import SIZE, some_boxes, some_text

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.refused import problems
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.texts.character_error import edits, likeness
from pipeline_tasks.kinds.texts.text_object import Text


def labeling(**labels: Any) -> Any:
    return kind_of(a_project(label_kind="text", classes=[], labels=labels)).labeling


IMAGES, BOXES = labeling(), labeling(of="boxes")


def test_form__asks_for_a_text_of_the_image_or_of_boxes() -> None:
    (area,) = ET.fromstring(label_form(kind_of(a_project(label_kind="text", classes=[])), "?").xml).iter("TextArea")
    project = a_project(label_kind="text", classes=[], labels={"of": "boxes"})
    form = ET.fromstring(label_form(kind_of(project), "?").xml)

    assert area.get("perRegion") is None
    assert [one.get("name") for one in form.iter("Rectangle")] == ["box"]
    assert [one.get("perRegion") for one in form.iter("TextArea")] == ["true"]


def test_read__returns_what_was_written() -> None:
    drawn = random.Random(0)
    for objects in [(), *((Text(some_text(drawn)),) for _ in range(100))]:
        assert IMAGES.read(IMAGES.write(objects, SIZE)) == objects
    for count in (0, 1, 7, 1000):
        objects = some_boxes(count, seed=count)
        assert BOXES.read(BOXES.write(objects, SIZE)) == objects
        assert tuple(BOXES.from_columns(BOXES.as_columns(one)) for one in objects) == objects


def test_read__keeps_the_corners_of_a_rotated_box() -> None:
    corners = (100.0, 50.0, 150.0, 50.0 + 50 * 0.75, 135.0, 107.5, 85.0, 70.0)
    objects = (Text("turned", 85.0, 50.0, 65.0, 57.5, corners),)

    (found,) = BOXES.read(BOXES.write(objects, SIZE))

    assert np.allclose(found.corners_px, corners, atol=1e-6)
    assert found.x_min_px == pytest.approx(85)


def test_read__composes_characters_and_drops_space_around() -> None:
    (found,) = IMAGES.read([{"type": "textarea", "from_name": "text", "value": {"text": ["  e\u0301tat \r\n2 "]}}])

    assert found.text == "état\n2"
    assert IMAGES.read([{"type": "textarea", "from_name": "text", "value": {"text": ["  "]}}]) == ()


def test_read__refuses_what_is_no_text_at_its_place() -> None:
    rectangle, area = BOXES.write(some_boxes(1, 3), SIZE)
    outside = rectangle | {"value": rectangle["value"] | {"x": 99.0, "width": 50.0}}
    choice = {"type": "choices", "value": {"choices": ["gear"]}}

    assert "another form (choices)" in problems(IMAGES.read([choice]))[0]
    assert "another form (choices)" in problems(BOXES.read([choice]))[0]
    assert problems(BOXES.read([rectangle])) == ("box 1 has no text",)
    assert "has no box" in problems(BOXES.read([area]))[0]
    assert "reaches out of the image" in problems(BOXES.read([outside, area]))[0]


def test_read__refuses_a_text_that_does_not_match_the_pattern() -> None:
    serial = labeling(pattern="[A-Z]{2}-[0-9]{4}")

    assert serial.read(serial.write((Text("AB-1234"),), SIZE)) == (Text("AB-1234"),)
    (problem,) = problems(serial.read(serial.write((Text("AB-12345"),), SIZE)))
    assert problem == "the text, 'AB-12345', does not match labels.pattern, '[A-Z]{2}-[0-9]{4}'"


def test_can_vote__only_texts_at_the_place_that_is_asked_for() -> None:
    assert IMAGES.can_vote((Text("a"),))
    assert not IMAGES.can_vote(some_boxes(1, 0))
    assert not BOXES.can_vote((Text("a"),))
    assert BOXES.can_vote(())


def test_agree__takes_the_text_most_like_the_others() -> None:
    agreed = IMAGES.agree([(Text("AB-1234"),), (Text("AB-1284"),), (Text("AB-12345"),)])

    assert (agreed.state, agreed.objects) == ("labelled", (Text("AB-1234"),))
    assert agreed.agreement_ratio == pytest.approx((1 + 6 / 7 + 7 / 8) / 3)


def test_agree__counts_an_empty_annotation_as_a_vote_and_is_unsure_of_ties() -> None:
    assert IMAGES.agree([(), (), (Text("a"),)]).state == "empty"
    assert IMAGES.agree([()]).state == "empty"
    assert IMAGES.agree([]).state == "unsure"
    assert IMAGES.agree([(), (Text("a"),)]).state == "unsure"
    assert IMAGES.agree([(Text("AB"),), (Text("AC"),)]).state == "unsure"
    assert IMAGES.agree([(Text("abcd"),), (Text("1234"),), (Text("wxyz"),)]).state == "unsure"


def test_agree__may_ignore_case() -> None:
    folding = labeling(ignores_case=True)

    assert folding.agree([(Text("Ab"),), (Text("aB"),)]).state == "labelled"
    assert IMAGES.agree([(Text("Ab"),), (Text("aB"),)]).state == "unsure"


def test_agree__of_boxes_matches_them_by_place() -> None:
    one, other = Text("exit", 10, 10, 100, 30), Text("stop", 300, 200, 50, 20)
    moved, misread = Text("exit", 14, 11, 98, 30), Text("step", 301, 200, 50, 20)

    agreed = BOXES.agree([(one, other), (other, moved), (one, misread)])

    assert [text.text for text in agreed.objects] == ["exit", "stop"]
    assert agreed.agreement_ratio == pytest.approx((1 + 1 + (1 + 0.75) / 2) / 3)
    assert BOXES.agree([(one, other), (moved,)]).state == "unsure"


def test_agree__does_not_depend_on_order() -> None:
    drawn = random.Random(1)
    for seed in range(60):
        whole = some_boxes(4, seed)
        people = [
            tuple(
                Text(one.text[: drawn.randrange(1, 40)], one.x_min_px, one.y_min_px, one.width_px, one.height_px) for one in whole
            )
            for _ in range(drawn.randrange(1, 5))
        ]
        turned = [tuple(drawn.sample(one, len(one))) for one in drawn.sample(people, len(people))]
        agreed, again = BOXES.agree(people), BOXES.agree(turned)

        assert (agreed.state, agreed.objects) == (again.state, again.objects)
        assert agreed.agreement_ratio == pytest.approx(again.agreement_ratio)


def test_agreement__is_1_minus_the_character_error() -> None:
    found = IMAGES.agreement({"a": {"ada": (Text("abcd"),), "ben": (Text("abxd"),)}, "b": {"ada": (), "ben": ()}})

    assert (found.images, found.pairs, found.agreeing_ratio) == (2, 2, pytest.approx(0.875))
    assert "1 of 2 pairs typed the same" in found.says


def test_edits__are_those_of_the_table_of_all_prefixes() -> None:
    drawn = random.Random(2)
    for _ in range(300):
        one, other = ("".join(drawn.choices("abc漢", k=drawn.randrange(0, 90))) for _ in range(2))
        row = list(range(len(other) + 1))
        for place, letter in enumerate(one, start=1):
            before, row[0] = row[0], place
            for at, theirs in enumerate(other, start=1):
                before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != theirs))
        assert edits(one, other) == row[-1]
    assert likeness("", "") == 1
    assert likeness("ab", "") == 0


def test_object_changes__of_a_corrected_text_relabel_it() -> None:
    one = Text("exit", 10, 10, 100, 30)
    changes = BOXES.object_changes((one,), (Text("exits", 10, 10, 100, 30), Text("new", 200, 200, 20, 20)))

    assert (changes.relabelled, changes.added, changes.removed, changes.moved) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"classes": ["a", "b"]}, "a project of texts has no classes, found"),
        ({"classes": [], "labels": {"of": "box"}}, "labels.of: unknown value 'box'"),
        ({"classes": [], "labels": {"pattern": "("}}, "labels.pattern: '\\(' is no regular expression"),
    ],
)
def test_kind__refuses_invalid_settings(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        a_project(label_kind="text", **settings)
