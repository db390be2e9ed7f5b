"""Trays with a bolt and a nut whose labels a model had not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import given
import polars as pl
from given_images import AnImage, record

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject, PreAnnotatedObject, PredictedObject
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.table import empty

BOLT, NUT = Box("bolt", 10, 10, 60, 60, confidence=0.9), Box("nut", 150, 150, 80, 80, confidence=0.9)
MODEL = "a" * 64
NAMES = [f"tray {number:02}" for number in range(80)]


@dataclass(frozen=True)
class Given:
    stage: ClassVar[str] = "given_labels"

    labels: int = 0


@dataclass(frozen=True)
class Sent:
    stage: ClassVar[str] = "given_round"

    tasks: int = 0


def rows_of(cycle: Cycle, table: type, said: Sequence[Sequence[Any]], **about: str) -> pl.DataFrame:
    labeling = kind_of(cycle.project).labeling
    rows = [
        vars(labeling.as_columns(one))
        | about
        | {"image_id": given.image_id(name), "object_index": at, "confidence": one.confidence}
        for name, objects in zip(NAMES, said, strict=True)
        for at, one in enumerate(objects)
    ]
    return pl.DataFrame(rows, infer_schema_length=None).select(empty(table).columns)  # type: ignore[type-var]


def a_night_of_trays(
    store: Store,
    labelled: Sequence[Sequence[Any]],
    *,
    of_test: bool = False,
    said: Sequence[Sequence[Any]] = ((BOLT, NUT),) * len(NAMES),
    **settings: Any,
) -> Cycle:
    """Trays with a bolt and a nut, as a model that had not seen their labels says, and these labels."""
    cycle = given.an_open_cycle(store, **({"label_kind": "box"} | settings), classes=["bolt", "nut"])
    record(store, cycle.cycle_id, [AnImage(one, (1.0, 0.0)) for one in NAMES])
    ids = [given.image_id(one) for one in NAMES]
    if of_test:
        champion = Champion(MODEL, "d" * 64, cycle.cycle_id, None)
        told = [(PredictedObject, rows_of(cycle, PredictedObject, said, model_digest=MODEL))]
        store.finish(cycle.cycle_id, "given", champion, told, sets=[champion])
    else:
        about = {"round_id": cycle.cycle_id, "model_digest": MODEL, "arm": "hidden", "confidence": 0.9}
        before = pl.DataFrame([about | {"image_id": one} for one in ids])
        told = [(PreAnnotation, before), (PreAnnotatedObject, rows_of(cycle, PreAnnotatedObject, said, round_id=cycle.cycle_id))]
        store.finish(cycle.cycle_id, "given_round", Sent(), told)
    row = {"labels_version": cycle.cycle_id, "state": "labelled", "votes": 1, "agreement_ratio": 1.0}
    row |= {"label_config_digest": given.image_id("config"), "consensus_quality": None, "vote_ids": None}
    labels = pl.DataFrame([row | {"image_id": one} for one in ids], infer_schema_length=None)
    written = [(Label, labels), (LabelObject, rows_of(cycle, LabelObject, labelled))]
    store.finish(cycle.cycle_id, "given_labels", Given(), written)
    return cycle


def with_six_nuts_missing() -> list[list[Box]]:
    """Labels of which so many lack what the model found that it may as well have erred."""
    people = [dataclasses.replace(one, confidence=None) for one in (BOLT, NUT)]
    return [people[:1] if 10 <= number < 16 else people for number in range(len(NAMES))]


def with_four_wrong() -> list[list[Box]]:
    """Labels of which one lacks a nut, one has a bolt too many, one takes the nut for a bolt, and one is badly placed."""
    people = [dataclasses.replace(one, confidence=None) for one in (BOLT, NUT)]
    said = [list(people) for _ in NAMES]
    said[3] = [people[0]]
    said[5] = [*people, Box("bolt", 250, 20, 45, 60)]
    said[7] = [people[0], dataclasses.replace(people[1], class_name="bolt")]
    said[9] = [people[0], dataclasses.replace(people[1], x_min_px=205)]
    return said
