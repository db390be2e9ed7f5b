"""Tests of the messages on changes of the form in Label Studio, each with the fix."""

from __future__ import annotations

import pytest

from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.classes.class_kind import ClassKind

OURS = label_form(ClassKind(("bolt", "gear", "nut")), "What?").xml
GEAR = '<Choice value="gear"/>'


def test_form_differences__are_none_for_the_projects_own_form_in_any_layout() -> None:
    layout = OURS.replace("<View>", '<View style="display:flex">').replace("What?", "What is it?").replace('zoom="true"', "")

    assert form_differences(OURS, OURS) == form_differences(OURS, layout) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (GEAR, '<Choice value="toothed wheel"/>', ["'gear' is called 'toothed wheel'", "renamed_classes: {gear: toothed wheel}"]),
        (GEAR, '<Choice value="Gear wheel" alias="cog"/>', ["'gear' is called 'cog'"]),
        (GEAR, "", ["no longer offers 'gear'"]),
        (GEAR, GEAR + '<Choice value="scrap"/>', ["also offers 'scrap', which is no class"]),
        ('name="class"', 'name="part"', ["'class' is called 'part' in Label Studio; its answers are still read"]),
        ("single-radio", "multiple", ["takes multiple instead of single-radio choices"]),
        ("$picture", "$thumbnail", ["=$thumbnail instead of "]),
        ("</View>", '<Rating name="stars" toName="picture"/></View>', ["also asks 'stars' (Rating)", "are not used"]),
        ("</View>", "", ["is not readable"]),
    ],
)
def test_form_differences__name_the_change_and_the_remedy(before: str, after: str, said: list[str]) -> None:
    (sentence,) = form_differences(OURS, OURS.replace(before, after))

    assert [one for one in said if one not in sentence] == []


def test_form_differences__of_a_replaced_form_say_that_no_annotation_will_match() -> None:
    control = '<RectangleLabels name="box" toName="img"><Label value="gear"/></RectangleLabels>'
    boxes = f'<View><Image name="img" value="$picture"/>{control}</View>'
    sentences = form_differences(OURS, boxes)

    assert any("The question 'class' (Choices) is gone" in one and "box (RectangleLabels)" in one for one in sentences)


def test_form_differences__accept_an_alias_of_a_class() -> None:
    assert form_differences(OURS, OURS.replace(GEAR, '<Choice value="Zahnrad" alias="gear"/>')) == []


def test_form_differences__tell_a_renamed_choice_from_an_added_one_in_one_edit() -> None:
    edited = OURS.replace(GEAR, '<Choice value="toothed wheel"/>').replace("</Choices>", '<Choice value="scrap"/></Choices>')

    renamed, added = form_differences(OURS, edited)
    assert "'gear' is called 'toothed wheel'" in renamed
    assert "also offers 'scrap'" in added
