"""Tests of people's scorecards and of gold."""

from __future__ import annotations

import pytest
from annotations.test_weighing import LABELING, a_night_with_a_guesser, votes

from pipeline_tasks.annotations.gold_annotations import GoldCount, gold_annotations, gold_counts
from pipeline_tasks.annotations.scorecards import scorecards
from pipeline_tasks.annotations.weighing import named_votes, weigh
from pipeline_tasks.kinds.classes.class_object import ClassObject

BOLT = (ClassObject("bolt"),)


def test_gold_counts__compare_with_the_label_of_others() -> None:
    gold = votes(("a", "ada", "bolt"), ("a", "bob", "nut"), ("b", "ada", ""), ("c", "ada", "bolt"), ("d", "ada", "bolt"))
    labels = {"a": ("labelled", BOLT), "b": ("empty", ()), "c": ("unsure", ()), "d": ("labelled", BOLT)}

    found = gold_annotations(gold, {("d", "ada")}, labels, LABELING)
    assert gold_counts(found) == {"ada": GoldCount(2, 2), "bob": GoldCount(1, 0)}


def test_scorecards__count_agreement_and_gold_by_person() -> None:
    given = votes(("a", "ada", "bolt"), ("a", "bob", "bolt"), ("b", "ada", "nut"), ("b", "bob", "bolt"), ("c", "ada", "nut"))
    rows = scorecards({"ada": 3, "bob": 2}, given, None, None, {"bob": GoldCount(4, 3), "eve": GoldCount(1, 0)}, LABELING)

    shown = rows.select("annotator_id", "images", "shared_images", "agreement", "gold_images", "gold_right").rows()
    assert shown == [("ada", 3, 2, 0.5, 0, 0), ("bob", 2, 2, 0.5, 4, 3), ("eve", 0, 0, None, 1, 0)]
    assert rows["accuracy"].null_count() == 3
    low, high = rows.select("gold_low", "gold_high").row(1)
    assert 0.25 < low < 0.75 < high < 1


def test_scorecards__say_who_is_paused() -> None:
    given = a_night_with_a_guesser()
    named = named_votes(given, LABELING)
    rows = scorecards({"ada": 91, "bob": 90, "eve": 91}, given, named, weigh(named, given, None), {}, LABELING)

    assert rows["is_paused"].to_list() == [False, False, True]
    assert rows["accuracy"][0] == pytest.approx(1, abs=0.1)
    assert (rows["accuracy_low"] <= rows["accuracy"]).all()


def test_scorecards__of_nobody_are_none() -> None:
    assert scorecards({}, votes(), None, None, {}, LABELING).is_empty()
