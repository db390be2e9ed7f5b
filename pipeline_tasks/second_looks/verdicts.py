"""Tonight's verdicts of people on doubted labels."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.refused import problems, says_of
from pipeline_tasks.label_errors.verdicts import Reviewed, verdicts
from pipeline_tasks.second_looks.doubted_labels import REVIEW
from pipeline_tasks.second_looks.object_votes import verdicts_on_objects
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import Rows, check, empty


def new_verdicts(store: Store, cycle_id: str, kind: Kind) -> Rows[LabelVerdict]:
    """Verdicts that came or changed with the labels that this cycle resolved."""
    columns = ["image_id", "task_key", "round_id", "purpose"]
    tasks = store.rows_of(LabelingTask, store.read(Label, cycle_id)["image_id"], columns=columns)
    # Annotations of gold tasks measure people, and are no votes.
    tasks = tasks.with_columns(pl.col("purpose").cast(pl.String)).filter(pl.col("purpose") != "gold")
    reviewed = tasks.filter(purpose=REVIEW)["image_id"].unique()
    if reviewed.is_empty():
        return empty(LabelVerdict)
    of_reviewed = pl.col("image_id").is_in(reviewed.implode())
    looks = store.rows_of(SecondLook, reviewed).filter(pl.col("purpose").cast(pl.String) == REVIEW)
    annotations = _annotations(store, reviewed, kind).join(tasks, on="task_key", how="semi", maintain_order="left")
    about = Reviewed(
        tasks=tasks.filter(of_reviewed),
        looks=looks,
        annotations=annotations,
        labels=_labels(store, reviewed, kind),
        renamed=kind.changes.today,
        on_objects=verdicts_on_objects(store, kind, looks, annotations),
    )
    found = verdicts(about)
    if found.is_empty():
        return empty(LabelVerdict)
    rows = check(LabelVerdict, found)
    standing = store.rows_of(LabelVerdict, reviewed)
    return LabelVerdict.cast(rows.join(standing, on=rows.columns, how="anti", maintain_order="left"))


def _annotations(store: Store, image_ids: pl.Series, kind: Kind) -> pl.DataFrame:
    """The images' annotations in words, the oldest first."""
    rows = store.rows_of(Annotation, image_ids).with_columns(pl.col("state").cast(pl.String)).sort("updated_at", "annotation_id")
    things = kind.changes.in_rows(store.rows_of(AnnotationObject, rows["annotation_id"], "annotation_id"))
    said = objects_by(things.sort("annotation_id", "object_index"), ("annotation_id", "revision"), kind.labeling)
    objects = [said.get((row["annotation_id"], row["revision"]), ()) for row in rows.iter_rows(named=True)]
    fits = pl.Series([_can_vote(one, kind.labeling) for one in objects], dtype=pl.Boolean)
    return rows.with_columns(
        says=pl.Series([says_of(one, kind.labeling) for one in objects], dtype=pl.String),
        is_vote=(pl.col("state") == "answered") & fits,
    )


def _can_vote(objects: tuple[Any, ...], labeling: Labeling[Any]) -> bool:
    return not problems(objects) and labeling.can_vote(objects)


def _labels(store: Store, image_ids: pl.Series, kind: Kind) -> dict[str, str]:
    """Labels that people agree on, in words."""
    states = store.rows_of(Label, image_ids).select("image_id", pl.col("state").cast(pl.String))
    decided = states.filter(pl.col("state").is_in(["labelled", "empty"]))
    things = kind.changes.in_rows(store.rows_of(LabelObject, decided.filter(state="labelled")["image_id"]))
    said = objects_by(things.sort("image_id", "object_index"), ("image_id",), kind.labeling)
    return {one: kind.labeling.says(said.get((one,), ())) for one in decided["image_id"]}
