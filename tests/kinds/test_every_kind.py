"""Tests of labeling that hold for every label kind; a kind enters them by its line in `given_objects.DRAWN`."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from given import a_project
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds.alike_objects import unlike
from kinds.given_objects import DRAWN, HIGH, WIDE, Drawn

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.registries import KINDS

SIZE = (WIDE, HIGH)
SLACK_PX = 1e-4
STRANGE = "ключ é漢字 🙂 \"<&>'"
every_kind = pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)


def opened(drawn: Drawn) -> Kind:
    return kind_of(a_project(**drawn.settings))


def unlike_when_read(kind: Kind, objects: Sequence[Any]) -> list[str]:
    """Objects that Label Studio's results or the tables change."""
    labeling = kind.labeling
    read = labeling.read(labeling.write(objects, SIZE))
    kept = [labeling.from_columns(labeling.as_columns(one)) for one in objects]
    return [*unlike(read, objects, SLACK_PX), *unlike(kept, objects, SLACK_PX)]


@every_kind
@given(seed=st.integers(0, 10_000), count=st.integers(1, 12))
@settings(max_examples=10, deadline=None)
def test_objects__are_read_as_they_were_written(drawn: Drawn, seed: int, count: int) -> None:
    assert unlike_when_read(opened(drawn), drawn.truth(seed, min(count, drawn.many))) == []


@every_kind
@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_consensus__does_not_depend_on_the_order_of_people_or_of_their_objects(drawn: Drawn, seed: int) -> None:
    chance, labeling = random.Random(seed), opened(drawn).labeling
    most = min(6, drawn.many)
    things = [*drawn.truth(seed, most), *(drawn.truth(seed + 1, most) if drawn.is_one_an_image else ())]
    people = [tuple(chance.sample(things, chance.randint(0, most))) for _ in range(chance.randint(1, 5))]
    turned = [tuple(chance.sample(one, len(one))) for one in chance.sample(people, len(people))]

    agreed, again = labeling.agree(people), labeling.agree(turned)

    assert (agreed.state, agreed.votes, agreed.objects) == (again.state, again.votes, again.objects)
    assert agreed.agreement_ratio == pytest.approx(again.agreement_ratio)


@every_kind
def test_consensus__of_no_answers_is_unsure(drawn: Drawn) -> None:
    agreed = opened(drawn).labeling.agree([])

    assert (agreed.state, agreed.votes, agreed.objects) == ("unsure", 0, ())


@every_kind
def test_answer__without_an_object_says_that_nothing_is_there(drawn: Drawn) -> None:
    labeling = opened(drawn).labeling
    nothing = labeling.read(labeling.write((), SIZE))

    assert nothing == ()
    assert labeling.can_vote(nothing)
    assert labeling.says(nothing)
    assert labeling.counts(nothing) == {}
    for people in (1, 3):
        agreed = labeling.agree([nothing] * people)
        assert (agreed.state, agreed.votes, agreed.objects, agreed.agreement_ratio) == ("empty", people, (), 1)
    found = labeling.agreement({"a": {"ada": (), "ben": ()}})
    assert (found.pairs, found.agreeing_ratio) == (1, 1)


@every_kind
def test_objects__of_an_image_with_many_are_read_and_agreed_on(drawn: Drawn) -> None:
    kind, objects = opened(drawn), drawn.truth(7, drawn.many)

    agreed = kind.labeling.agree([objects, objects[::-1]])

    assert unlike_when_read(kind, objects) == []
    assert agreed.state == "labelled"
    assert list(unlike(agreed.objects, objects, SLACK_PX)) == []


@pytest.mark.parametrize(
    "drawn", [one for one in DRAWN.values() if one.at_border], ids=[name for name, one in DRAWN.items() if one.at_border]
)
def test_objects__at_the_border_are_read_and_agreed_on(drawn: Drawn) -> None:
    kind = opened(drawn)

    agreed = kind.labeling.agree([drawn.at_border] * 3)

    assert unlike_when_read(kind, drawn.at_border) == []
    assert agreed.state == "labelled"
    assert list(unlike(agreed.objects, drawn.at_border, SLACK_PX)) == []


@every_kind
def test_names__may_have_any_letters(drawn: Drawn) -> None:
    names = {name: f"{name} {STRANGE}" for name in drawn.classes}
    labels = {key: _renamed(value, names) for key, value in drawn.labels.items()}
    kind = opened(replace(drawn, classes=list(names.values()), labels=labels))
    objects = drawn.truth(3, min(6, drawn.many))
    objects = [replace(one, class_name=names[one.class_name]) for one in objects] if names else objects

    form = ET.fromstring(label_form(kind, STRANGE).xml)

    shown = "\n".join(one.get("value", "") for one in form.iter())
    assert [name for name in names.values() if name not in shown] == []
    assert unlike_when_read(kind, objects) == []
    assert kind.labeling.can_vote(objects)
    assert kind.labeling.unknown(objects) == ()
    assert KINDS.load(kind.name).from_properties(kind.properties) == kind


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    return {names[key]: one for key, one in value.items()} if isinstance(value, Mapping) else value
