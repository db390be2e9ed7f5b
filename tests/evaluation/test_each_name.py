"""Tests of comparisons on each name of the vocabulary."""

from __future__ import annotations

import pytest
from kinds.classes.matches_by_hand import matches

from pipeline_tasks.evaluation.each_name import compare_names
from pipeline_tasks.evaluation.gate import Rule
from pipeline_tasks.kinds.classes.scoring import ClassScoring

RULE = Rule(margin=0.05, confidence=0.95, bootstrap_samples=1000, min_test_images_per_class=5, seed=1)


def test_compare_names__gives_each_class_its_own_difference_the_greatest_fall_first() -> None:
    truth = "a" * 10 + "b" * 10 + "c" * 4

    found = compare_names(ClassScoring(), matches(truth, "a" * 10 + "a" * 5 + "b" * 5 + "cccc"), matches(truth, truth), RULE)

    assert [(one.name, one.difference) for one in found] == [("b", -0.5), ("a", 0.0)]
    assert found[0].low < -0.5 < found[0].high
    assert (found[1].low, found[1].high) == (0.0, 0.0)


def test_compare_names__widens_its_intervals_with_the_number_of_classes() -> None:
    few, many = "a" * 20 + "b" * 20, "a" * 20 + "b" * 20 + "".join(one * 20 for one in "cdefgh")
    said = "b" * 8 + "a" * 12

    of_few = compare_names(ClassScoring(), matches(few, said + few[20:]), matches(few, few), RULE)[0]
    of_many = compare_names(ClassScoring(), matches(many, said + many[20:]), matches(many, many), RULE)[0]

    assert of_few.difference == pytest.approx(of_many.difference)
    assert of_many.high - of_many.low > of_few.high - of_few.low
