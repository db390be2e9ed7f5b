"""Tests of answers that did not go as they were sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import given

from pipeline_tasks.annotations.misdirected import checked
from pipeline_tasks.annotations.parsing import AnnotationRevision

ASKED = {"a0": "ada", "a1": "ben"}


def an_answer(task_key: str, who: str, minute: int, **fields: Any) -> AnnotationRevision:
    """An answer on the image that the first letter names."""
    row: dict[str, Any] = {"round_id": "r", "image_id": task_key[0], "revision": "", "state": "answered", "lead_time_s": None}
    row |= {"is_starred": False, "objects": (), "content": {}, "updated_at": given.STARTED_AT + timedelta(minutes=minute)}
    about = {"annotation_id": f"{task_key} {who}", "task_key": task_key, "annotator_id": who}
    return AnnotationRevision(**row | about | fields)


def states(*answers: AnnotationRevision, standing: tuple[AnnotationRevision, ...] = (), has_vote: bool = False) -> list[str]:
    return [one.state for one in checked(answers, standing, ASKED, has_vote=has_vote).revisions]


def test_checked__takes_the_vote_of_who_was_not_asked_and_counts_it() -> None:
    found = checked([an_answer("a0", "ada", 0), an_answer("a1", "ada", 1)], [], ASKED, has_vote=False)

    assert [one.state for one in found.revisions] == ["answered", "misdirected"]
    assert (found.by_another, found.twice) == (1, 0)


def test_checked__counts_only_where_such_answers_are_used() -> None:
    found = checked([an_answer("a1", "ada", 1)], [], ASKED, has_vote=True)

    assert (found.revisions[0].state, found.by_another) == ("answered", 1)


def test_checked__lets_the_earlier_of_two_copies_for_anyone_count() -> None:
    assert states(an_answer("b1", "cho", 2), an_answer("b0", "cho", 1), an_answer("b2", "dan", 3)) == [
        *("misdirected", "answered", "answered")
    ]
    assert states(an_answer("b1", "cho", 2), standing=(an_answer("b0", "cho", 5),)) == ["misdirected"]
    assert states(an_answer("b0", "cho", 2), standing=(an_answer("b0", "cho", 1),)) == ["answered"], "the same one, edited"
    assert states(an_answer("b1", "cho", 2), standing=(an_answer("b0", "cho", 1, round_id="earlier"),)) == ["answered"]


def test_checked__prefers_the_copy_that_was_for_the_person_to_one_for_anyone() -> None:
    assert states(an_answer("a2", "ada", 0), an_answer("a0", "ada", 1)) == ["misdirected", "answered"]


def test_checked__leaves_a_reviewers_star_and_what_was_taken_back() -> None:
    starred, gone = an_answer("a1", "ada", 0, is_starred=True), an_answer("a0", "dan", 1, state="deleted")

    assert states(starred, gone, an_answer("a0", "cho", 2, state="skipped")) == ["answered", "deleted", "misdirected"]
