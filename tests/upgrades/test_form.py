"""Tests of a form's versions: older content takes each step once, in order; newer content is refused."""

from __future__ import annotations

import pytest

from pipeline_tasks.errors import NewerFormError
from pipeline_tasks.release import RELEASE, is_newer
from pipeline_tasks.upgrades.form import Change, Form
from pipeline_tasks.upgrades.json_fields import Fields, marked, upgraded_fields, without_keys

THREE: Form[Fields] = Form(
    "thing",
    (
        Change("0.2.0", lambda fields: {"length_m": fields["length"]}),
        Change("0.3.0"),
    ),
)


def test_form__counts_its_version_from_its_changes() -> None:
    assert (Form("thing").version, THREE.version, THREE.release) == (1, 3, "0.3.0")


def test_upgraded_fields__take_every_step_from_their_version_on() -> None:
    assert upgraded_fields(THREE, {"length": 5}, "here") == {"length_m": 5}
    assert upgraded_fields(THREE, {"length_m": 6, "form_version": 2, "form_release": "0.2.0"}, "here") == {"length_m": 6}
    assert upgraded_fields(THREE, marked(THREE, {"length_m": 7}), "here") == {"length_m": 7}


def test_marked__does_not_change_content_of_the_first_version() -> None:
    assert marked(Form("thing"), {"length": 5}) == {"length": 5}
    assert marked(THREE, {"length_m": 5}) == {"length_m": 5, "form_version": 3, "form_release": "0.3.0"}


def test_upgraded_fields__refuse_a_newer_version_by_the_release_that_wrote_it() -> None:
    wanted = (
        f"folder/thing.json: thing version 3 was written by Nightlens 0.3.0 or later; this is Nightlens {RELEASE}, "
        "which reads up to version 1: upgrade Nightlens"
    )

    with pytest.raises(NewerFormError) as refused:
        upgraded_fields(Form("thing"), marked(THREE, {"length_m": 7}), "folder/thing.json")

    assert str(refused.value) == wanted


@pytest.mark.parametrize(
    ("release", "than", "wanted"),
    [
        ("0.4.0", "0.3.9", True),
        ("0.10.0", "0.9.0", True),
        ("0.3.0", "0.3.0", False),
        ("test", "0.3.0", False),
        ("v1.0", "0.9", True),
    ],
)
def test_is_newer__compares_release_numbers_and_not_commits(release: str, than: str, wanted: bool) -> None:
    assert is_newer(release, than) is wanted


def test_without_keys__reaches_into_lists_and_changes_nothing_else() -> None:
    content = {"sources": [{"name": "inbox", "colour": "any"}], "classes": ["bolt"]}

    assert without_keys(content, [("sources", 0, "colour")]) == {"sources": [{"name": "inbox"}], "classes": ["bolt"]}
    assert "colour" in str(content), "the original stays"
