"""Reviews of doubted trays and people's answers to them, of any kind with objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import given
import polars as pl

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.second_looks.doubted_objects import doubted_objects
from pipeline_tasks.second_looks.look import Standing, reviewed_in
from pipeline_tasks.second_looks.queue import second_looks
from pipeline_tasks.second_looks.verdicts import new_verdicts
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_object import AnnotationObject, DoubtedObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import empty

ROUND = "2026-11-22"


@dataclass(frozen=True)
class Given:
    stage: ClassVar[str] = "given_answers"

    answers: int = 0


def send_reviews(store: Store, cycle: Cycle) -> None:
    """Send the doubted labels into the next round, where there are places for all."""
    selection = cycle.project.selection.model_copy(update={"budget": 100})
    night = replace(cycle, project=cycle.project.model_copy(update={"selection": selection}))
    looks = second_looks(store, night, Standing({}, set()), 0).with_columns(round_id=pl.lit(ROUND))
    doubts = doubted_objects(store, kind_of(cycle.project), reviewed_in(looks), ROUND)
    store.finish(cycle.cycle_id, "given_looks", Given(), [(SecondLook, looks), (DoubtedObject, doubts)])


def annotate(
    store: Store, cycle: Cycle, stage: str, said: Mapping[str, Mapping[str, Sequence[Any]]], purpose: str = "review"
) -> None:
    """Tray → person → objects, each a task of its own."""
    labeling = kind_of(cycle.project).labeling
    tasks: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for name, by_person in said.items():
        for who, drawn in by_person.items():
            key = given.image_id(f"{stage} {name} {who}")
            about = {"task_key": key, "round_id": ROUND, "image_id": given.image_id(name)}
            tasks.append(about | {"purpose": purpose, "copy_number": 0, "label_config_digest": "c" * 64})
            rows.append(about | {"annotation_id": key, "revision": key, "annotator_id": who, "state": "answered"})
            objects += [
                vars(labeling.as_columns(one)) | {"annotation_id": key, "revision": key, "object_index": at}
                for at, one in enumerate(drawn)
            ]
    things = pl.DataFrame(objects, schema_overrides=dict(empty(AnnotationObject).schema), infer_schema_length=None)
    written: list[Any] = [
        (LabelingTask, pl.DataFrame(tasks).with_columns(label_studio_project_id=1, label_studio_task_id=1, assigned_to=None)),
        (Annotation, pl.DataFrame(rows).with_columns(lead_time_s=1.0, updated_at=given.STARTED_AT, is_starred=False)),
        (AnnotationObject, things.select(empty(AnnotationObject).columns)),
    ]
    store.finish(cycle.cycle_id, stage, Given(), written)


def verdicts(store: Store, cycle: Cycle, names: Sequence[str]) -> dict[str, str]:
    """Tray → tonight's verdict."""
    name_of = {given.image_id(one): one for one in names}
    rows = new_verdicts(store, cycle.cycle_id, kind_of(cycle.project)).with_columns(pl.col("verdict").cast(pl.String))
    return {name_of[image_id]: verdict for image_id, verdict in rows.select("image_id", "verdict").iter_rows()}
