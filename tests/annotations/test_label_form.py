"""The form that people answer."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from pipeline_tasks.annotations.label_form import label_form


def test_label_form__escapes_names_and_question() -> None:
    names = ('bolt "M3" & <b>', "nut's")
    form = ET.fromstring(label_form("class", names, '<script>alert("?")</script>').xml)

    assert [choice.get("value") for choice in form.iter("Choice")] == list(names)
    assert next(form.iter("Header")).get("value") == '<script>alert("?")</script>'
    assert next(form.iter("Image")).get("value") == "$picture"


def test_label_form__has_another_digest_when_something_else_is_asked() -> None:
    digests = {
        label_form("class", ("bolt", "nut"), "What?").digest,
        label_form("class", ("nut", "bolt"), "What?").digest,
        label_form("class", ("bolt", "nut"), "Which?").digest,
    }

    assert len(digests) == 3
    assert label_form("class", ("bolt", "nut"), "What?").digest in digests
