"""Tests of images whose votes do not suffice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import given
import polars as pl
import pytest

from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.second_looks.look import Standing
from pipeline_tasks.second_looks.queue import second_looks
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import with_defaults


@dataclass(frozen=True)
class Given:
    stage: ClassVar[str] = "resolve_labels"

    labels: int = 0


@dataclass(frozen=True)
class ALabel:
    """A label by two people who agree, unless a test says otherwise."""

    name: str
    state: str = "labelled"
    votes: int = 2


def a_night(store: Store, *labels: ALabel, **labeling: Any) -> Cycle:
    """A budget of 20 and labels of an earlier night; 0.05 of the budget is one image."""
    cycle = given.an_open_cycle(store, selection={"budget": 20}, labeling={"deadline_s": 3600, "review_ratio": 0} | labeling)
    about = {"labels_version": "2026-11-20", "agreement_ratio": 1.0, "label_config_digest": "d" * 64}
    rows = [about | {"image_id": given.image_id(one.name), "state": one.state, "votes": one.votes} for one in labels]
    store.finish(cycle.cycle_id, "resolve_labels", Given(), [(Label, with_defaults(Label, pl.DataFrame(rows)))])
    return cycle


def looks(store: Store, cycle: Cycle, closed: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Purpose and reason of tonight's looks, by image in the order of rank."""
    standing = Standing({}, {given.image_id(one) for one in closed})
    rows = second_looks(store, cycle, standing)
    names = {given.image_id(one): one for one in "abcdefgh"}
    return [(names[row["image_id"]], row["purpose"]) for row in rows.sort("rank").iter_rows(named=True)]


WEAK = [
    ALabel("a"),
    ALabel("b", state="unsure", votes=3),
    ALabel("c", state="unsure"),
    ALabel("d", state="unsure", votes=5),
    ALabel("e", state="unsure", votes=0),
    ALabel("f", state="empty"),
]
"""Of d everything was said that five people can say, and nobody has said anything about e."""


def test_second_looks__ask_one_more_person_where_people_disagree(store: Store) -> None:
    cycle = a_night(store, *WEAK, escalation_ratio=0.2)

    assert looks(store, cycle) == [("b", "overlap"), ("c", "overlap")]
    reasons = second_looks(store, cycle, Standing({}, set()))["reason"].to_list()
    assert reasons == ["People disagree about it, so another person is asked."] * 2


@pytest.mark.parametrize(("ratio", "expected"), [(0.0, []), (0.05, [("b", "overlap")])])
def test_second_looks__about_weak_labels_are_a_share_of_the_budget(
    store: Store, ratio: float, expected: list[tuple[str, str]]
) -> None:
    assert looks(store, a_night(store, *WEAK, escalation_ratio=ratio)) == expected


def test_second_looks__leave_out_what_is_closed_or_was_looked_at_often_enough(store: Store) -> None:
    cycle = a_night(store, *WEAK, ALabel("g", state="unsure"), escalation_ratio=0.2, review_at_most_times=1)
    earlier = {"image_id": given.image_id("b"), "round_id": "r", "purpose": "overlap", "rank": 0, "reason": ""}
    names = {"given_name": pl.Series([None], dtype=pl.String), "suggested_name": pl.Series([None], dtype=pl.String)}
    store.finish(cycle.cycle_id, "given", Given(), [(SecondLook, pl.DataFrame([earlier]).with_columns(**names))])

    assert looks(store, cycle, closed="c") == [("g", "overlap")]
