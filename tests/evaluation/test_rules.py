"""Tests of single rules of the gate: verdict, figure and sentence of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_tasks.evaluation.each_name import NameDifference
from pipeline_tasks.evaluation.rules import (
    Asked,
    at_most_rule,
    each_name_rule,
    golden_rule,
    label_quality_rule,
    worst_slice_rule,
)
from pipeline_tasks.evaluation.slices import SliceDifference

LOST = SliceDifference(40, 0.8, 0.9, -0.1, -0.2, 0.0)
BETTER = SliceDifference(9, 1.0, 0.9, 0.1, 0.01, 0.2)


def test_golden_rule__is_broken_by_a_candidate_that_may_be_worse_by_more_than_the_limit() -> None:
    found = golden_rule({"golden": LOST}, Asked("must", 0.1), "accuracy", has_champion=True)

    assert found is not None
    assert found.stops
    assert (found.figure, found.limit, found.unit) == (-0.1, 0.1, "points")
    assert found.says == (
        "on the 40 images of the golden set accuracy differs by -10.0 points (lower bound -20.0), "
        "so it may be worse by more than 10 points there."
    )


@pytest.mark.parametrize(
    ("slices", "limit", "verdict"),
    [
        ({"golden": LOST}, 0.25, "kept"),
        ({"golden": LOST}, None, "stated"),
        ({"golden": BETTER}, 0.0, "kept"),
        ({"golden": replace(BETTER, low=0.0)}, 0.0, "broken"),
        ({"recent": LOST}, 0.1, "not_measured"),
    ],
)
def test_golden_rule__judges_by_the_lower_bound(slices: dict[str, SliceDifference], limit: float | None, verdict: str) -> None:
    found = golden_rule(slices, Asked("must", limit), "accuracy", has_champion=True)

    assert found is not None
    assert found.verdict == verdict


def test_golden_rule__asks_nothing_of_the_first_model_and_nothing_when_it_is_off() -> None:
    first = golden_rule({}, Asked("must", 0.1), "accuracy", has_champion=False)

    assert first is not None
    assert (first.verdict, first.stops) == ("not_asked", False)
    assert golden_rule({"golden": LOST}, Asked("off", 0.1), "accuracy", has_champion=True) is None
    assert golden_rule({}, Asked("must"), "accuracy", has_champion=True) is None


def test_worst_slice_rule__judges_the_slice_with_the_lowest_lower_bound_without_the_golden_one() -> None:
    slices = {"golden": replace(LOST, low=-0.9), "recent": BETTER, "control": LOST}

    found = worst_slice_rule(slices, Asked("warn", 0.1), "accuracy", has_champion=True)

    assert found is not None
    assert (found.verdict, found.stops) == ("broken", False)
    assert "on the 40 images of the worst slice, control, accuracy differs by -10.0 points" in found.says


def test_worst_slice_rule__that_has_a_limit_and_no_slice_is_not_kept() -> None:
    found = worst_slice_rule({"golden": LOST}, Asked("must", 0.1), "accuracy", has_champion=True)

    assert found is not None
    assert found.stops
    assert "splits.recent_cycles" in found.says
    assert worst_slice_rule({"golden": LOST}, Asked("must"), "accuracy", has_champion=True) is None


def test_worst_slice_rule__is_broken_by_a_found_slice_only_if_a_fall_is_shown() -> None:
    doubtful, shown = SliceDifference(12, 0.4, 0.6, -0.2, -0.5, 0.1), SliceDifference(12, 0.4, 0.8, -0.4, -0.6, -0.2)
    asked = Asked("must", 0.1)

    kept = worst_slice_rule({}, asked, "accuracy", has_champion=True, found={"device cam-3": doubtful})
    broken = worst_slice_rule({}, asked, "accuracy", has_champion=True, found={"device cam-3": doubtful, "site hall 1": shown})

    assert kept is not None
    assert (kept.verdict, kept.figure) == ("kept", -0.2)
    assert broken is not None
    assert (broken.verdict, broken.figure) == ("broken", -0.4)
    assert broken.says == (
        "on the 12 images of the found slice site hall 1 accuracy differs by -40.0 points (-60.0 to -20.0), so it is shown to be "
        "worse by more than 10 points there."
    )


def test_worst_slice_rule__says_a_found_slice_behind_the_one_that_a_person_named() -> None:
    found = worst_slice_rule(
        {"recent": BETTER},
        Asked("must"),
        "accuracy",
        has_champion=True,
        found={"device cam-3": SliceDifference(9, 0.4, 0.4, 0, 0, 0)},
    )

    assert found is not None
    assert "of the worst slice, recent," in found.says
    assert found.says.endswith("On the 9 images of the found slice device cam-3 accuracy differs by +0.0 points (+0.0 to +0.0).")


def test_worst_slice_rule__is_kept_where_slices_were_looked_for_and_none_was_found() -> None:
    found = worst_slice_rule({}, Asked("must", 0.1), "accuracy", has_champion=True, is_searched=True)

    assert found is not None
    assert found.verdict == "kept"


def test_each_name_rule__is_broken_only_by_a_fall_that_is_shown() -> None:
    doubtful, shown = NameDifference("bolt", -0.3, -0.6, 0.0), NameDifference("nut", -0.2, -0.25, -0.15)

    kept = each_name_rule([doubtful], Asked("must", 0.1), "class")
    broken = each_name_rule([doubtful, shown], Asked("must", 0.1), "class")

    assert kept is not None
    assert (kept.verdict, kept.figure) == ("kept", -0.3)
    assert broken is not None
    assert (broken.verdict, broken.figure) == ("broken", -0.2)
    assert broken.says.startswith("the class nut is shown to have fallen by more than 10 points: -20.0 points (-25.0 to -15.0)")


def test_each_name_rule__without_a_class_of_enough_images_is_not_kept() -> None:
    found = each_name_rule([], Asked("must", 0.1), "class")

    assert found is not None
    assert found.verdict == "not_measured"
    assert each_name_rule([], Asked("must"), "class") is None


@pytest.mark.parametrize(
    ("figure", "limit", "verdict", "says"),
    [
        (13.2, 20.0, "kept", "size 13.2 MB, at most 20 MB."),
        (20.0, 20.0, "kept", "size 20 MB, at most 20 MB."),
        (20.1, 20.0, "broken", "size is 20.1 MB, above 20 MB (gates.max_size_mb)."),
        (13.2, None, "stated", "size 13.2 MB."),
        (None, 20.0, "not_measured", "gates.max_size_mb is set, and there is no figure of size for this model."),
    ],
)
def test_at_most_rule__allows_the_limit_itself(figure: float | None, limit: float | None, verdict: str, says: str) -> None:
    found = at_most_rule("size", "size", figure, Asked("must", limit), unit="MB", key="max_size_mb")

    assert found is not None
    assert (found.verdict, found.says) == (verdict, says)


def test_label_quality_rule__repeats_what_was_judged_before_the_training() -> None:
    said = "Labels of 40 images that several people annotated: 0.5; not shown to be at least 0.8."

    broken = label_quality_rule(said, 0.5, False, "", Asked("warn", 0.8))
    gold = label_quality_rule(said, 0.9, True, "2 of 10 annotations of gold images are right", Asked("warn", 0.8))

    assert broken is not None
    assert (broken.verdict, broken.says) == (
        "broken",
        "labels of 40 images that several people annotated: 0.5; not shown to be at least 0.8.",
    )
    assert gold is not None
    assert (gold.verdict, gold.says) == ("broken", "2 of 10 annotations of gold images are right.")
    assert label_quality_rule("", None, None, "", Asked("must")) is None
