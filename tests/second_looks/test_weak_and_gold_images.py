"""Tests of images whose votes do not suffice, and of those by which people are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import given
import polars as pl
import pytest

from pipeline_tasks.intervals.proportions import observations_for
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.second_looks.look import Standing
from pipeline_tasks.second_looks.queue import second_looks
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.annotator_score import AnnotatorScore
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.second_look import SecondLook


@dataclass(frozen=True)
class Given:
    stage: ClassVar[str] = "given_labels"

    labels: int = 0


@dataclass(frozen=True)
class ALabel:
    """A label by two people who agree, unless a test says otherwise."""

    name: str
    state: str = "labelled"
    votes: int = 2
    quality: float | None = 0.99
    people: Sequence[str] = ("ada", "ben")
    starred: bool = False


def a_night(store: Store, *labels: ALabel, paused: Sequence[str] = ("guesser",), **labeling: Any) -> Cycle:
    """A budget of 20 and labels of an earlier night; 0.05 of the budget is one image."""
    cycle = given.an_open_cycle(store, selection={"budget": 20}, labeling={"deadline_s": 3600, "review_ratio": 0} | labeling)
    about = {"labels_version": "2026-11-20", "agreement_ratio": 1.0, "label_config_digest": "d" * 64}
    rows = [
        about | {"image_id": given.image_id(one.name), "state": one.state, "votes": one.votes, "consensus_quality": one.quality}
        for one in labels
    ]
    empty = {"vote_ids": pl.Series([None] * len(rows), dtype=pl.List(pl.String))}
    said = {"round_id": "r", "state": "answered", "lead_time_s": 1.0, "updated_at": given.STARTED_AT}
    annotations = [
        said
        | {"annotation_id": f"{one.name} {who}", "task_key": given.image_id(f"{one.name} {who}"), "annotator_id": who}
        | {"image_id": given.image_id(one.name), "revision": given.image_id(who), "is_starred": one.starred}
        for one in labels
        for who in one.people
    ]
    columns = dict.fromkeys(AnnotatorScore.column_names()) | {"images": 9, "shared_images": 9, "gold_images": 0, "gold_right": 0}
    scores = [columns | {"annotator_id": who, "is_paused": who in paused} for who in ("ada", "ben", "guesser")]
    writes: list[Any] = [
        (Label, pl.DataFrame(rows, infer_schema_length=None).with_columns(**empty)),
        (Annotation, pl.DataFrame(annotations)),
        (AnnotatorScore, pl.DataFrame(scores, infer_schema_length=None)),
    ]
    store.finish(cycle.cycle_id, "given_labels", Given(), writes)
    return cycle


def looks(store: Store, cycle: Cycle, picks: int = 20, closed: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Purpose and reason of tonight's looks, by image in the order of rank."""
    standing = Standing({}, {given.image_id(one) for one in closed})
    rows = second_looks(store, cycle, standing, picks)
    names = {given.image_id(one): one for one in "abcdefgh"}
    return [(names[row["image_id"]], row["purpose"]) for row in rows.sort("rank").iter_rows(named=True)]


WEAK = [
    ALabel("a"),
    ALabel("b", quality=0.7),
    ALabel("c", state="unsure", quality=None),
    ALabel("d", votes=1, people=["guesser"], quality=None),
    ALabel("e", votes=1, people=["ada"], quality=None),
]


def test_second_looks__ask_about_guessed_images_then_disputed_then_little_believed_ones(store: Store) -> None:
    cycle = a_night(store, *WEAK, escalation_ratio=0.2)

    assert looks(store, cycle) == [("d", "overlap"), ("c", "overlap"), ("b", "overlap")]
    reasons = second_looks(store, cycle, Standing({}, set()), 20)["reason"].to_list()
    assert reasons == [
        "Only people whose annotations are mostly guesses annotated it, so another person is asked.",
        "People disagree about it, so another person is asked.",
        "The belief in its label is 0.70, so another person is asked.",
    ]


@pytest.mark.parametrize(("ratio", "expected"), [(0.0, []), (0.05, [("d", "overlap")])])
def test_second_looks__about_weak_labels_are_a_share_of_the_budget(
    store: Store, ratio: float, expected: list[tuple[str, str]]
) -> None:
    assert looks(store, a_night(store, *WEAK, escalation_ratio=ratio)) == expected


def test_second_looks__leave_out_what_is_closed_or_was_looked_at_often_enough(store: Store) -> None:
    cycle = a_night(store, *WEAK, escalation_ratio=0.2, review_at_most_times=1)
    earlier = {"image_id": given.image_id("d"), "round_id": "r", "purpose": "overlap", "rank": 0, "reason": ""}
    names = {"given_name": pl.Series([None], dtype=pl.String), "suggested_name": pl.Series([None], dtype=pl.String)}
    store.finish(cycle.cycle_id, "given", Given(), [(SecondLook, pl.DataFrame([earlier]).with_columns(**names))])

    assert looks(store, cycle, closed="c") == [("b", "overlap")]


def test_second_looks__show_certain_images_again_each_once(store: Store) -> None:
    certain = [
        ALabel("a"),
        ALabel("b", votes=1, people=["ada"]),
        ALabel("c", quality=0.95),
        ALabel("f", quality=0.95, starred=True),
    ]
    cycle = a_night(store, *certain, escalation_ratio=0.0, gold_ratio=0.5)

    found = looks(store, cycle)

    assert sorted(found) == [("a", "gold"), ("f", "gold")]
    store.finish(cycle.cycle_id, "given", Given(), [(SecondLook, second_looks(store, cycle, Standing({}, set()), 20))])
    assert looks(store, cycle) == []


def test_second_looks__show_a_share_of_the_round_as_gold(store: Store) -> None:
    cycle = a_night(store, ALabel("a"), ALabel("b"), ALabel("c"), escalation_ratio=0.0, gold_ratio=0.1)

    assert len(looks(store, cycle, picks=20)) == 2
    assert looks(store, cycle, picks=2) == []


def test_second_looks__measure_nobody_by_a_doubted_label(store: Store) -> None:
    cycle = a_night(store, ALabel("a"), ALabel("b", starred=True), ALabel("c"), escalation_ratio=0.0, gold_ratio=0.5)
    doubted = {"given_name": "bolt", "suggested_name": "nut", "belief_given": 0.2, "belief_suggested": 0.8, "votes": 2}
    rows = pl.DataFrame([doubted | {"image_id": given.image_id(one)} for one in "ab"])
    store.finish(cycle.cycle_id, "given", Given(), [(LabelSuspect, LabelSuspect.cast(rows))])

    assert looks(store, cycle) == [("c", "gold")]


def test_second_looks__audit_a_random_sample_of_labels_that_stand_each_once(store: Store) -> None:
    labels = [ALabel("a"), ALabel("b", quality=0.7), ALabel("c", state="unsure", quality=None), ALabel("d", votes=0, people=())]
    cycle = a_night(store, *labels, ALabel("e"), escalation_ratio=0.2, audit_half_width=0.4)

    found = looks(store, cycle, closed="e")

    assert sorted(found[:2]) == [("a", "audit"), ("b", "audit")]
    assert found[2:] == [("c", "overlap")], "a weak label that is audited gets one more vote anyway"
    standing = Standing({}, {given.image_id("e")})
    store.finish(cycle.cycle_id, "given", Given(), [(SecondLook, second_looks(store, cycle, standing, 20))])
    assert "audit" not in [purpose for _, purpose in looks(store, cycle, closed="e")]


def test_second_looks__audit_no_more_than_the_wanted_interval_needs(store: Store) -> None:
    cycle = a_night(store, *(ALabel(one) for one in "abcdefgh"), escalation_ratio=0.0, audit_half_width=0.25)
    drawn = looks(store, cycle)

    assert len(drawn) == observations_for(0.25, 0.1, 0.95) == 6
    assert drawn != sorted(drawn)


def test_second_looks__audit_nothing_where_one_person_annotates_or_none_is_wanted(store: Store) -> None:
    alone = [ALabel("a", votes=1, people=["ada"]), ALabel("b", votes=1, people=["ada"])]
    assert looks(store, a_night(store, *alone, escalation_ratio=0.0, audit_half_width=0.4)) == []


def test_second_looks__audit_nothing_by_default(store: Store) -> None:
    assert looks(store, a_night(store, ALabel("a"), escalation_ratio=0.0)) == []
