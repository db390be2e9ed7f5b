"""Tests of the labeling form."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.classes.class_kind import ClassKind

DEFAULT_OF_0_1 = "What does the picture show?"


def test_label_form__escapes_names_and_question() -> None:
    names = ('bolt "M3" & <b>', "nut's")
    form = ET.fromstring(label_form(ClassKind(names), '<script>alert("?")</script>').xml)

    assert [choice.get("value") for choice in form.iter("Choice")] == list(names)
    assert next(form.iter("Header")).get("value") == '<script>alert("?")</script>'
    assert next(form.iter("Image")).get("value") == "$picture"


def test_label_form__has_another_digest_when_something_else_is_asked() -> None:
    digests = {
        label_form(ClassKind(("bolt", "nut")), "What?").digest,
        label_form(ClassKind(("nut", "bolt")), "What?").digest,
        label_form(ClassKind(("bolt", "nut")), "Which?").digest,
    }

    assert len(digests) == 3
    assert label_form(ClassKind(("bolt", "nut")), "What?").digest in digests


def test_label_form__keeps_the_digest_by_which_old_projects_find_their_label_studio_project() -> None:
    asked = hashlib.sha256(b'["class", ["bolt", "nut"], "What?"]').hexdigest()

    assert label_form(ClassKind(("bolt", "nut")), "What?").digest == asked


def test_label_form__asks_the_question_of_the_kind_if_the_project_states_none() -> None:
    form = label_form(ClassKind(("bolt", "nut")), None)

    assert form.question == "What does the image show?"
    assert next(ET.fromstring(form.xml).iter("Header")).get("value") == form.question


def test_label_form__without_a_question_has_the_digest_that_the_default_of_0_1_had() -> None:
    assert label_form(ClassKind(("bolt", "nut")), None).digest == label_form(ClassKind(("bolt", "nut")), DEFAULT_OF_0_1).digest
