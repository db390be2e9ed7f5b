"""Tests of the labeling form."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.classes.class_kind import ClassKind


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
