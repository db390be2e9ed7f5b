"""Tests of the form, the annotations and the votes of images with several classes."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest
from given import a_project

from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, ObjectColumns
from pipeline_tasks.kinds.multi_label.agreement import jaccard
from pipeline_tasks.kinds.registry import kind_of

NAMES = ("scratch", "Délai 遅れ", 'dent "deep" <1>', "stain")
KIND = kind_of(a_project(label_kind="classes", classes=list(NAMES)))
LABELING = KIND.labeling


def chosen(*numbers: int) -> tuple[ClassObject, ...]:
    return tuple(ClassObject(NAMES[number]) for number in numbers)


def test_form__has_a_check_box_with_a_key_for_each_class() -> None:
    form = ET.fromstring(label_form(KIND, "What is wrong?").xml)
    (choices,) = form.iter("Choices")

    assert choices.get("choice") == "multiple"
    assert [(one.get("value"), one.get("hotkey")) for one in choices] == list(zip(NAMES, "1234", strict=True))


def test_form__of_30_classes_has_20_keys_and_no_key_twice() -> None:
    kind = kind_of(a_project(label_kind="classes", classes=[f"class {number}" for number in range(30)]))
    keys = [one.get("hotkey") for one in ET.fromstring(label_form(kind, "?").xml).iter("Choice")]

    assert len(keys) == 30
    assert len({key for key in keys if key}) == 20


def test_form_differences__say_that_people_cannot_choose_several() -> None:
    ours = label_form(KIND, "What is wrong?").xml

    (said,) = form_differences(ours, ours.replace('choice="multiple"', 'choice="single"'))

    assert "people cannot choose several classes" in said


@pytest.mark.parametrize("count", range(len(NAMES) + 1))
def test_read__returns_what_was_written(count: int) -> None:
    for numbers in itertools.combinations(range(len(NAMES)), count):
        objects = chosen(*numbers)
        assert LABELING.read(LABELING.write(objects, (640, 480))) == objects
        assert tuple(LABELING.from_columns(LABELING.as_columns(one)) for one in objects) == objects


def test_read__of_a_thousand_classes_returns_them_all() -> None:
    names = [f"класс {number}" for number in range(1000)]
    labeling = kind_of(a_project(label_kind="classes", classes=names)).labeling
    objects = tuple(ClassObject(name) for name in names)

    assert labeling.read(labeling.write(objects, (1, 1))) == objects
    assert labeling.agree([objects] * 3).objects == objects


def test_read__names_annotations_of_another_form_which_are_not_empty() -> None:
    objects = LABELING.read([{"type": "rectanglelabels", "value": {"rectanglelabels": ["gear"]}, "from_name": "box"}])

    assert not LABELING.can_vote(objects)
    assert LABELING.unknown(objects) == ("rectanglelabels gear",)


def test_agree__votes_on_each_class_separately() -> None:
    agreed = LABELING.agree([chosen(0, 1), chosen(1), chosen(1, 3)])

    assert (agreed.state, agreed.objects, agreed.votes) == ("labelled", chosen(1), 3)
    assert agreed.agreement_ratio == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)


def test_agree__takes_none_of_these_as_an_answer() -> None:
    assert LABELING.agree([(), (), chosen(0)]).state == "empty"
    assert LABELING.agree([()]).agreement_ratio == 1


def test_agree__is_unsure_without_answers_and_if_half_chose_a_class() -> None:
    assert LABELING.agree([]).state == "unsure"
    assert LABELING.agree([chosen(0, 1), chosen(0)]).state == "unsure"


def test_agree__does_not_depend_on_the_order_of_people_or_of_choices() -> None:
    drawn = np.random.default_rng(0)
    for _ in range(200):
        answers = [
            tuple(ClassObject(name) for name in drawn.permutation(NAMES)[: drawn.integers(0, 5)].tolist())
            for _ in range(drawn.integers(1, 6))
        ]
        turned = [answers[int(row)][::-1] for row in drawn.permutation(len(answers))]
        one, other = LABELING.agree(answers), LABELING.agree(turned)

        assert (one.state, one.objects, one.votes) == (other.state, other.objects, other.votes)
        assert one.agreement_ratio == pytest.approx(other.agreement_ratio)


def test_agreement__is_the_mean_jaccard_index_and_names_the_class_with_least() -> None:
    found = LABELING.agreement({"a": {"ada": chosen(0, 1), "ben": chosen(0)}, "b": {"ada": (), "ben": ()}, "c": {"ada": chosen(2)}})

    assert (found.images, found.pairs, found.agreeing_ratio) == (2, 2, pytest.approx(0.75))
    assert found.pairwise == {("ada", "ben"): (2, pytest.approx(1.5))}
    assert "least agreement on Délai 遅れ 50 % of pairs" in found.says


def test_agreement__without_pairs_is_none() -> None:
    assert LABELING.agreement({"a": {"ada": chosen(0)}}).agreeing_ratio is None
    assert LABELING.agreement({}).says == ""


def test_jaccard__of_two_empty_answers_is_1() -> None:
    assert jaccard(frozenset(), frozenset()) == 1
    assert jaccard(frozenset("ab"), frozenset("bc")) == pytest.approx(1 / 3)


def test_renamed_classes__that_are_merged_count_once_an_image() -> None:
    kind = kind_of(a_project(label_kind="classes", classes=["dent", "stain"], renamed_classes={"bump": "dent", "dimple": "dent"}))
    empty = dict.fromkeys(OBJECT_COLUMNS)
    rows = [empty | {"image_id": "a", "class_name": name} for name in ("bump", "dimple", "stain")]

    renamed = kind.changes.in_rows(pl.DataFrame(rows))

    assert renamed["class_name"].to_list() == ["dent", "stain"]


def test_removed_classes__leave_the_other_choices_of_an_annotation() -> None:
    kind = kind_of(a_project(label_kind="classes", classes=["dent", "stain"], removed_classes=["dust"]))
    objects = tuple(kind.labeling.from_columns(ObjectColumns("classes", class_name=name)) for name in ("dust", "dent"))

    assert kind.labeling.can_vote(objects)
    assert kind.labeling.agree([objects]).objects == (ClassObject("dent"),)
    assert kind.labeling.agree([objects[:1]]).state == "empty"


@pytest.mark.parametrize(("classes", "says"), [(["dent"], "at least 2 classes"), (["dent", "dent"], "must differ")])
def test_kind__refuses_invalid_classes(classes: list[str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        a_project(label_kind="classes", classes=classes)
