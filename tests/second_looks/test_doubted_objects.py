"""Tests of doubted boxes that another person looks at: chosen, kept as they were, and settled by people's own boxes."""

from __future__ import annotations

from dataclasses import replace

import given
import polars as pl
import pytest
from given_reviews import ROUND, Given, annotate, send_reviews, verdicts
from given_trays import BOLT, NAMES, NUT, a_night_of_trays, with_four_wrong, with_six_nuts_missing

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.second_looks.verdicts import new_verdicts
from pipeline_tasks.stages.label.find_label_errors import find_label_errors
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label_object import DoubtedObject
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.second_look import SecondLook

MISSING, EXTRA, SWAPPED, BADLY_PLACED = (NAMES[number] for number in (3, 5, 7, 9))
RIGHT = tuple(replace(one, confidence=None) for one in (BOLT, NUT))


def reviewed(store: Store) -> Cycle:
    """A night whose four doubted labels, by one person each, are reviews of the next round."""
    cycle = a_night_of_trays(store, with_four_wrong())
    find_label_errors(store, cycle)
    annotate(store, cycle, "given_first", {NAMES[0]: {"ada": RIGHT, "ben": RIGHT}}, purpose="first")
    send_reviews(store, cycle)
    return cycle


def test_second_looks__ask_another_person_about_doubted_objects_and_say_why(store: Store) -> None:
    reviewed(store)

    looks = store.history(SecondLook).with_columns(pl.col("purpose").cast(pl.String))

    assert set(looks["purpose"]) == {"review"}
    about = {row["image_id"]: (row["given_name"], row["suggested_name"]) for row in looks.iter_rows(named=True)}
    assert about == {
        given.image_id(MISSING): ("nothing there", "nut"),
        given.image_id(EXTRA): ("bolt", "nothing there"),
        given.image_id(SWAPPED): ("bolt", "nut"),
        given.image_id(BADLY_PLACED): ("nut", "nut at another place"),
    }
    (why,) = looks.filter(image_id=given.image_id(MISSING))["reason"]
    assert why.startswith("A model that had not seen the label doubts an object of it: nut missing? (doubt 0.")


def test_second_looks__fill_their_places_with_doubts_below_the_suspects(store: Store) -> None:
    cycle = a_night_of_trays(store, with_six_nuts_missing())
    assert find_label_errors(store, cycle).suspects == 0
    annotate(store, cycle, "given_first", {NAMES[0]: {"ada": RIGHT, "ben": RIGHT}}, purpose="first")

    send_reviews(store, cycle)

    looked_at = set(store.history(SecondLook)["image_id"])
    assert len(looked_at) == 5
    assert looked_at < {given.image_id(NAMES[number]) for number in range(10, 16)}


def test_doubted_objects__are_kept_as_they_were(store: Store) -> None:
    reviewed(store)

    rows = store.history(DoubtedObject).with_columns(pl.col("wrong").cast(pl.String))

    found = {row["wrong"]: (row["class_name"], row["x_min_px"], row["round_id"]) for row in rows.iter_rows(named=True)}
    assert found == {
        "missing": ("nut", 150, ROUND),
        "extra": ("bolt", 250, ROUND),
        "swapped": ("bolt", 150, ROUND),
        "badly placed": ("nut", 205, ROUND),
    }


@pytest.mark.parametrize(("boxes", "expected"), [("right", "fixed"), ("labelled", "stands")])
def test_verdicts__of_labels_of_a_set_are_those_of_one_person(store: Store, boxes: str, expected: str) -> None:
    cycle = reviewed(store)
    labelled = with_four_wrong()
    said = {
        name: {"cleo": RIGHT if boxes == "right" else labelled[NAMES.index(name)]}
        for name in (MISSING, EXTRA, SWAPPED, BADLY_PLACED)
    }

    annotate(store, cycle, "given_reviews", said)

    assert verdicts(store, cycle, NAMES) == dict.fromkeys(said, expected)


def test_verdicts__are_unclear_where_two_people_disagree_and_decided_by_a_third(store: Store) -> None:
    cycle = reviewed(store)
    first = with_four_wrong()
    annotate(store, cycle, "given_ada", {name: {"ada": first[NAMES.index(name)]} for name in (EXTRA, SWAPPED)}, purpose="first")
    annotate(store, cycle, "given_ben", {EXTRA: {"ben": RIGHT}, SWAPPED: {"ben": RIGHT}})

    assert verdicts(store, cycle, NAMES) == {EXTRA: "unclear", SWAPPED: "unclear"}

    annotate(store, cycle, "given_cleo", {EXTRA: {"cleo": RIGHT}, SWAPPED: {"cleo": first[NAMES.index(SWAPPED)]}})

    assert verdicts(store, cycle, NAMES) == {EXTRA: "fixed", SWAPPED: "stands"}


def test_verdicts__do_not_mind_other_boxes_than_the_doubted_one(store: Store) -> None:
    """The person moves the bolt, which nobody doubted, and keeps the doubted nut."""
    cycle = reviewed(store)
    bolt, nut = with_four_wrong()[NAMES.index(BADLY_PLACED)]

    annotate(store, cycle, "given_reviews", {BADLY_PLACED: {"cleo": (replace(bolt, x_min_px=90), nut)}})

    assert verdicts(store, cycle, NAMES) == {BADLY_PLACED: "stands"}


def test_explain__names_an_images_doubted_objects_and_the_verdict(store: Store) -> None:
    cycle = reviewed(store)
    annotate(store, cycle, "given_reviews", {SWAPPED: {"cleo": RIGHT}})
    store.finish(
        cycle.cycle_id, "given_verdicts", Given(), [(LabelVerdict, new_verdicts(store, cycle.cycle_id, kind_of(cycle.project)))]
    )

    image_id = given.image_id(SWAPPED)
    told = {one.kind: one for one in image_lineage(image_id, LineageReads(store).about_image(image_id, [])).children}

    assert told["doubted object"].name == "bolt → nut?"
    assert "by model aaaaaaaa" in told["doubted object"].says
    assert told["second look"].says.endswith("cleo said 1 bolt, 1 nut; the label was wrong.")
