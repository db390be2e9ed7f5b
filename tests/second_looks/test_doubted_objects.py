"""Tests of doubted boxes that another person looks at: chosen, kept as they were, and settled by people's own boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import given
import polars as pl
import pytest
from given_trays import BOLT, NAMES, NUT, a_night_of_trays, with_four_wrong

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.second_looks.doubted_objects import doubted_objects
from pipeline_tasks.second_looks.look import Standing, reviewed_in
from pipeline_tasks.second_looks.queue import second_looks
from pipeline_tasks.second_looks.verdicts import new_verdicts
from pipeline_tasks.stages.label.find_label_errors import find_label_errors
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_object import AnnotationObject, DoubtedObject
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import empty

ROUND = "2026-11-22"
MISSING, EXTRA, SWAPPED, BADLY_PLACED = (NAMES[number] for number in (3, 5, 7, 9))
RIGHT = tuple(replace(one, confidence=None) for one in (BOLT, NUT))


@dataclass(frozen=True)
class Given:
    stage: ClassVar[str] = "given_answers"

    answers: int = 0


def reviewed(store: Store) -> Cycle:
    """A night whose four doubted labels, by one person each, are reviews of the next round."""
    cycle = a_night_of_trays(store, with_four_wrong())
    find_label_errors(store, cycle)
    annotate(store, cycle, "given_first", {NAMES[0]: {"ada": RIGHT, "ben": RIGHT}}, purpose="first")
    night = replace(
        cycle, project=cycle.project.model_copy(update={"selection": cycle.project.selection.model_copy(update={"budget": 100})})
    )
    looks = second_looks(store, night, Standing({}, set()), 0).with_columns(round_id=pl.lit(ROUND))
    doubts = doubted_objects(store, kind_of(cycle.project), reviewed_in(looks), ROUND)
    store.finish(cycle.cycle_id, "given_looks", Given(), [(SecondLook, looks), (DoubtedObject, doubts)])
    return cycle


def annotate(
    store: Store, cycle: Cycle, stage: str, said: Mapping[str, Mapping[str, Sequence[Box]]], purpose: str = "review"
) -> None:
    """Tray → person → boxes, each a task of its own."""
    labeling = kind_of(cycle.project).labeling
    tasks: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for name, by_person in said.items():
        for who, boxes in by_person.items():
            key = given.image_id(f"{stage} {name} {who}")
            about = {"task_key": key, "round_id": ROUND, "image_id": given.image_id(name)}
            tasks.append(about | {"purpose": purpose, "copy_number": 0, "label_config_digest": "c" * 64})
            rows.append(about | {"annotation_id": key, "revision": key, "annotator_id": who, "state": "answered"})
            objects += [
                vars(labeling.as_columns(one)) | {"annotation_id": key, "revision": key, "object_index": at}
                for at, one in enumerate(boxes)
            ]
    written: list[Any] = [
        (LabelingTask, pl.DataFrame(tasks).with_columns(label_studio_project_id=1, label_studio_task_id=1, assigned_to=None)),
        (Annotation, pl.DataFrame(rows).with_columns(lead_time_s=1.0, updated_at=given.STARTED_AT, is_starred=False)),
        (AnnotationObject, pl.DataFrame(objects, infer_schema_length=None).select(empty(AnnotationObject).columns)),
    ]
    store.finish(cycle.cycle_id, stage, Given(), written)


def verdicts(store: Store, cycle: Cycle) -> dict[str, str]:
    names = {given.image_id(one): one for one in NAMES}
    rows = new_verdicts(store, cycle.cycle_id, kind_of(cycle.project)).with_columns(pl.col("verdict").cast(pl.String))
    return {names[image_id]: verdict for image_id, verdict in rows.select("image_id", "verdict").iter_rows()}


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

    assert verdicts(store, cycle) == dict.fromkeys(said, expected)


def test_verdicts__are_unclear_where_two_people_disagree_and_decided_by_a_third(store: Store) -> None:
    cycle = reviewed(store)
    first = with_four_wrong()
    annotate(store, cycle, "given_ada", {name: {"ada": first[NAMES.index(name)]} for name in (EXTRA, SWAPPED)}, purpose="first")
    annotate(store, cycle, "given_ben", {EXTRA: {"ben": RIGHT}, SWAPPED: {"ben": RIGHT}})

    assert verdicts(store, cycle) == {EXTRA: "unclear", SWAPPED: "unclear"}

    annotate(store, cycle, "given_cleo", {EXTRA: {"cleo": RIGHT}, SWAPPED: {"cleo": first[NAMES.index(SWAPPED)]}})

    assert verdicts(store, cycle) == {EXTRA: "fixed", SWAPPED: "stands"}


def test_verdicts__do_not_mind_other_boxes_than_the_doubted_one(store: Store) -> None:
    """The person moves the bolt, which nobody doubted, and keeps the doubted nut."""
    cycle = reviewed(store)
    bolt, nut = with_four_wrong()[NAMES.index(BADLY_PLACED)]

    annotate(store, cycle, "given_reviews", {BADLY_PLACED: {"cleo": (replace(bolt, x_min_px=90), nut)}})

    assert verdicts(store, cycle) == {BADLY_PLACED: "stands"}


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
