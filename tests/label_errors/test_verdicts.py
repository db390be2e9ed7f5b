"""Tests of the verdicts on doubted labels."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline_tasks.label_errors.verdicts import Reviewed, counted, precision, verdicts

TASKS = pl.DataFrame(
    [("t1", "a", "night 1", "first"), ("t2", "a", "night 2", "review")],
    schema=["task_key", "image_id", "round_id", "purpose"],
    orient="row",
)
LOOKS = pl.DataFrame(
    [("a", "night 2", "bolt", "nut"), ("a", "night 3", "bolt", "nut")],
    schema=["image_id", "round_id", "given_name", "suggested_name"],
    orient="row",
)
Said = tuple[str, str, str, str]


def answered(*said: Said, label: str | None, tasks: pl.DataFrame = TASKS) -> Reviewed:
    """Annotations as task, person, state and words, the oldest first."""
    rows = [
        {"task_key": task, "image_id": "a", "annotator_id": who, "state": state, "says": words}
        | {"is_vote": state == "answered", "is_starred": who == "the boss"}
        for task, who, state, words in said
    ]
    return Reviewed(tasks, LOOKS, pl.DataFrame(rows), {} if label is None else {"a": label}, {})


ADA = ("t1", "ada", "answered", "bolt")


@pytest.mark.parametrize(
    ("look", "label", "expected"),
    [
        (("t2", "ben", "answered", "bolt"), "bolt", ("bolt", "ben", False, "stands")),
        (("t2", "ben", "answered", "nut"), None, ("nut", "ben", False, "unclear")),
        (("t2", "ben", "skipped", "nothing there"), "bolt", ("skipped", "ben", False, "unclear")),
        (("t2", "ben", "deleted", "nut"), "bolt", ("taken back", "ben", False, "unclear")),
        (("t2", "ada", "answered", "nut"), "nut", ("nut", "ada", True, "unclear")),
    ],
)
def test_verdicts__are_those_of_another_person(look: Said, label: str | None, expected: tuple[str, str, bool, str]) -> None:
    found = verdicts(answered(ADA, look, label=label))

    assert found.select("answered", "annotator_id", "is_same_person", "verdict").rows() == [expected]
    assert found.select("task_key", "image_id", "round_id", "given_name", "suggested_name").row(0) == (
        "t2",
        "a",
        "night 2",
        "bolt",
        "nut",
    )


@pytest.mark.parametrize("label", ["nut", "nothing there"])
def test_verdicts__are_those_of_one_person_where_nobody_had_annotated_the_image(label: str) -> None:
    """The label that was doubted came with a labelled set."""
    found = verdicts(answered(("t2", "ben", "answered", label), label=label))

    assert found.select("answered", "verdict").rows() == [(label, "fixed")]


def test_verdicts__of_both_looks_follow_the_label_that_a_third_person_decided() -> None:
    tasks = pl.concat([TASKS, TASKS[1:].with_columns(task_key=pl.lit("t3"), round_id=pl.lit("night 3"))])
    ben, cleo = ("t2", "ben", "answered", "nut"), ("t3", "cleo", "answered", "nut")

    found = verdicts(answered(ADA, ben, cleo, label="nut", tasks=tasks))

    assert found.select("task_key", "annotator_id", "is_same_person", "verdict").rows() == [
        ("t2", "ben", False, "fixed"),
        ("t3", "cleo", False, "fixed"),
    ]


def test_verdicts__are_unclear_where_a_model_tipped_the_label_between_two_people() -> None:
    found = verdicts(answered(ADA, ("t2", "ben", "answered", "nut"), label="nut"))

    assert found["verdict"].to_list() == ["unclear"]


def test_verdicts__follow_a_starred_annotation() -> None:
    found = verdicts(answered(ADA, ("t2", "the boss", "answered", "nut"), label="nut"))

    assert found["verdict"].to_list() == ["fixed"]


def test_verdicts__take_the_annotation_of_somebody_else_where_one_task_has_two() -> None:
    found = verdicts(answered(ADA, ("t2", "ben", "answered", "nut"), ("t2", "ada", "answered", "bolt"), label=None))

    assert found["annotator_id"].to_list() == ["ben"]


def test_verdicts__compare_by_todays_names() -> None:
    given = answered(("t2", "ben", "answered", "hex bolt"), label="hex bolt")

    assert (
        verdicts(Reviewed(given.tasks, given.looks, given.annotations, given.labels, {"bolt": "hex bolt"}))["verdict"][0]
        == "stands"
    )


def test_verdicts__are_none_before_the_review_is_answered() -> None:
    assert verdicts(answered(ADA, label="bolt")).is_empty()


def so_far(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["image_id", "verdict"], orient="row").with_columns(given_name=pl.lit("bolt"))


def test_counted__counts_a_doubt_once_and_an_unsettled_look_only_until_it_is_settled() -> None:
    found = counted(so_far(("a", "unclear"), ("a", "fixed"), ("b", "stands"), ("b", "unclear"), ("c", "unclear")))

    assert found == {"fixed": 1, "stands": 1, "unclear": 1}


def test_precision__is_the_share_that_was_wrong_with_its_interval() -> None:
    found = precision({"fixed": 7, "stands": 3, "unclear": 2}, 0.95)

    assert found is not None
    # By hand: centre (7/12 + 1.96²/24) / (1 + 1.96²/12), reach 1.96 √(7/12 · 5/12 / 12 + 1.96²/576) / (1 + 1.96²/12).
    assert (round(found.value, 3), round(found.low, 3), round(found.high, 3)) == (0.583, 0.320, 0.807)
    assert precision({}, 0.95) is None
