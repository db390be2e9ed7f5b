from __future__ import annotations

from dataclasses import replace

import pytest
from kinds.classes.matches_by_hand import matches

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.kinds.classes.scoring import ClassScoring

SCORING = ClassScoring()
RULE = Rule(margin=0.05, confidence=0.95, bootstrap_samples=1000, min_test_images_per_class=5, seed=1)
TRUTH = "a" * 50 + "b" * 50


def test_decide__promotes_a_better_candidate() -> None:
    decision = decide(SCORING, matches(TRUTH, "a" * 48 + "b" * 52), matches(TRUTH, "a" * 30 + "b" * 70), RULE)

    assert decision.is_promoted
    assert decision.candidate_score == pytest.approx(0.98)
    assert decision.rival_score == pytest.approx(0.80)
    assert decision.difference == pytest.approx(0.18)
    assert decision.why.startswith(
        "Promoted: not worse than the champion by more than 5 points. Balanced accuracy 98.0 % against 80.0 %, "
        "a difference of +18.0 points"
    )


def test_decide__promotes_an_equal_candidate_because_of_the_margin() -> None:
    same = matches(TRUTH, "a" * 45 + "b" * 55)

    decision = decide(SCORING, same, same, RULE)

    # Models that agree on 100 images may differ on others: 1.96² / 100 is the most that a score test of one share allows.
    assert decision.is_promoted
    assert decision.difference == 0.0
    assert decision.low == pytest.approx(-0.0384, abs=1e-4)
    assert decision.high == pytest.approx(0.0384, abs=1e-4)


def test_decide__says_that_so_few_images_do_not_show_an_equal_candidate_to_keep_the_margin() -> None:
    same = matches("a" * 20 + "b" * 20, "a" * 40)

    decision = decide(SCORING, same, same, RULE)

    assert not decision.is_promoted
    assert decision.why.endswith(
        "On 40 test images in 40 groups even a candidate that agrees with the champion on all of them is not shown to keep it, "
        "only a clearly better one: label about 77 test images, or set gates.margin above 0.096."
    )


def test_decide__finds_nothing_wrong_with_the_margin_of_a_candidate_that_is_worse_on_enough_images() -> None:
    decision = decide(SCORING, matches(TRUTH, "a" * 100), matches(TRUTH, TRUTH), RULE)

    assert "even a candidate that agrees" not in decision.why


def test_decide__promotes_a_clearly_better_candidate_on_few_images() -> None:
    few = "a" * 20 + "b" * 20

    assert decide(SCORING, matches(few, few), matches(few, "a" * 40), RULE).is_promoted


def test_decide__keeps_the_champion_of_an_equal_candidate_without_a_margin() -> None:
    same = matches(TRUTH, "a" * 45 + "b" * 55)

    decision = decide(SCORING, same, same, replace(RULE, margin=0.0))

    assert not decision.is_promoted
    assert decision.why.startswith("Not promoted: not shown to be better than the champion.")


def test_decide__keeps_the_champion_when_the_lower_bound_is_below_the_margin() -> None:
    # 2 points worse on 100 images: the difference is within the margin, its lower bound is not.
    decision = decide(SCORING, matches(TRUTH, "b" * 8 + "a" * 42 + "b" * 50), matches(TRUTH, "b" * 4 + "a" * 46 + "b" * 50), RULE)

    assert not decision.is_promoted
    assert decision.difference == pytest.approx(-0.04)
    assert decision.low is not None
    assert decision.low < -0.05 < decision.difference
    assert decision.why.startswith("Not promoted: it may be worse than the champion by more than 5 points. Balanced accuracy")


def test_decide__needs_more_evidence_when_images_come_in_groups() -> None:
    better, worse = "a" * 40 + "b" * 60, "a" * 35 + "b" * 65
    one_group_each = decide(SCORING, matches(TRUTH, worse), matches(TRUTH, better), replace(RULE, margin=0.12))
    groups = "".join(chr(ord("A") + number // 5) for number in range(100))
    clustered = decide(SCORING, matches(TRUTH, worse, groups), matches(TRUTH, better, groups), replace(RULE, margin=0.12))

    assert one_group_each.difference == clustered.difference
    assert one_group_each.is_promoted
    assert not clustered.is_promoted


def test_decide__compares_the_first_model_with_the_majority_class() -> None:
    decision = decide(SCORING, matches(TRUTH, "a" * 35 + "b" * 65), None, RULE)

    assert decision.is_promoted
    assert decision.rival_score == pytest.approx(0.5)
    assert decision.why.startswith("Promoted: better than always predicting the most frequent class. Balanced accuracy 8")


def test_decide__refuses_a_first_champion_that_always_answers_one_class() -> None:
    decision = decide(SCORING, matches(TRUTH, "a" * 100), None, RULE)

    assert not decision.is_promoted
    assert decision.difference == pytest.approx(0.0)


def test_decide__names_the_classes_that_it_left_out() -> None:
    decision = decide(SCORING, matches(TRUTH + "cccc", TRUTH + "aaaa"), None, RULE)

    assert decision.candidate_score == pytest.approx(1.0)
    assert decision.classes_left_out == ("c",)
    assert decision.why.endswith("Left out for having fewer than 5 test images: c.")


def test_decide__refuses_to_compare_on_fewer_than_two_classes() -> None:
    decision = decide(SCORING, matches("aaaaab", "aaaaab"), None, RULE)

    assert not decision.is_promoted
    assert decision.why == "Not promoted: 1 classes have at least 5 test images, and a comparison needs 2."


def test_decide__refuses_to_compare_on_nothing() -> None:
    assert "no labelled test images" in decide(SCORING, matches("", ""), None, RULE).why


def test_decide__decides_the_same_each_time() -> None:
    candidate, champion = matches(TRUTH, "a" * 44 + "b" * 56), matches(TRUTH, "a" * 41 + "b" * 59)

    assert decide(SCORING, candidate, champion, RULE) == decide(SCORING, candidate, champion, RULE)
