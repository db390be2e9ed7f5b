"""Annotations: parsing from Label Studio's JSON, as table rows and as entries of the annotation log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from pipeline_tasks.annotations.revisions import annotator_pseudonym, deleted_content, revision_content, revision_digest
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.refused import Refused, columns_of
from pipeline_tasks.records.cycle import utc
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.table import Rows, check, empty

PLACES = ("x", "points", "rle")
"""Fields of Label Studio's values that say where something is."""


@dataclass(frozen=True)
class RecordedAnnotation:
    """One person's annotation in one revision: a row of `Annotation`."""

    annotation_id: str
    task_key: str
    round_id: str
    image_id: str
    revision: str
    annotator_id: str
    state: str
    lead_time_s: float | None
    updated_at: datetime
    is_starred: bool
    """A reviewer marked it as the right one in Label Studio."""


@dataclass(frozen=True)
class AnnotationRevision(RecordedAnnotation):
    """An annotation as it is now, with its objects, and its content for the log."""

    objects: tuple[Any, ...]
    """Objects of the annotation, of the kind's own type."""
    content: JsonObject


@dataclass(frozen=True)
class TaskContext:
    """Context shared by all annotations of a task: its origin and its question."""

    project: str
    labeling: Labeling[Any]
    label_studio_project_id: int
    task_key: str
    round_id: str
    image_id: str
    label_studio_task_id: int = 0
    size_px: tuple[int, int] | None = None
    """Width and height of the canonical image; None if it is not known."""
    found_in: int | None = None
    """The Label Studio project in which the task stands, if its own was deleted and made again."""
    shown_for: str | None = None
    """Name of the person who is asked, as people see it; None: anyone."""

    @property
    def stands_in(self) -> int:
        """Id of the Label Studio project in which the task stands."""
        return self.label_studio_project_id if self.found_in is None else self.found_in


def read_annotation(
    raw: JsonObject, context: TaskContext, annotator_id: str | None = None, annotation_id: str | None = None
) -> AnnotationRevision:
    """Read one annotation from Label Studio's JSON; an empty result has no objects. `annotation_id`: its name in our tables.

    `annotator_id` is the person that an earlier look recorded. It stays: Label Studio keeps who made an annotation, and only
    forgets or replaces it when an account is deleted.
    """
    user = raw.get("completed_by")
    user_id = user.get("id") if isinstance(user, Mapping) else user
    annotator_id = annotator_id or annotator_pseudonym(context.project, user_id)
    content = revision_content(raw, task_key=context.task_key, image_id=context.image_id, annotator_id=annotator_id)
    is_skipped = bool(raw.get("was_cancelled"))
    lead_time = raw.get("lead_time")
    return AnnotationRevision(
        annotation_id=annotation_id or f"{context.stands_in}-{raw['id']}",
        task_key=context.task_key,
        round_id=context.round_id,
        image_id=context.image_id,
        revision=revision_digest(content),
        annotator_id=annotator_id,
        state="skipped" if is_skipped else "answered",
        lead_time_s=None if lead_time is None else float(lead_time),
        updated_at=utc(raw["updated_at"]),
        is_starred=bool(raw.get("ground_truth")),
        objects=() if is_skipped else _objects(raw.get("result") or [], context),
        content=content,
    )


def revision_of(raw: JsonObject, context: TaskContext, annotator_id: str) -> str:
    """Digest of an annotation's revision, without reading its objects."""
    return revision_digest(revision_content(raw, task_key=context.task_key, image_id=context.image_id, annotator_id=annotator_id))


def _objects(result: Sequence[JsonObject], context: TaskContext) -> tuple[Any, ...]:
    """Objects of an annotation; those that were drawn on an image of another size are refused."""
    strange = []
    for number, one in enumerate(result, start=1):
        value, shown = one.get("value"), (one.get("original_width"), one.get("original_height"))
        is_placed = isinstance(value, Mapping) and any(field in value for field in PLACES)
        if is_placed and None not in shown and context.size_px is not None and shown != context.size_px:
            said, true = (f"{width} x {height}" for width, height in (shown, context.size_px))
            strange.append(Refused(None, f"object {number} is on an image of {said} pixels; the image has {true}"))
    return (*context.labeling.read(result), *strange)


def taken_back(known: RecordedAnnotation) -> AnnotationRevision:
    """Deletion of a recorded annotation."""
    content = deleted_content(known.annotation_id, known.revision)
    annotation = AnnotationRevision(**vars(known), objects=(), content=content)
    return replace(annotation, state="deleted", revision=revision_digest(content), lead_time_s=None, is_starred=False)


def recorded_annotations(rows: Rows[Annotation]) -> dict[str, RecordedAnnotation]:
    """annotation_id → its row."""
    return {row["annotation_id"]: RecordedAnnotation(**row) for row in rows.iter_rows(named=True)}


def annotation_rows(annotations: Iterable[AnnotationRevision]) -> Rows[Annotation]:
    """Rows of the annotations."""
    names = Annotation.column_names()
    records = [{name: getattr(annotation, name) for name in names} for annotation in annotations]
    return check(Annotation, pl.DataFrame(records, infer_schema_length=None)) if records else empty(Annotation)


def object_rows(annotations: Sequence[AnnotationRevision], labeling: Labeling[Any]) -> Rows[AnnotationObject]:
    """Rows of the annotations' objects."""
    records = [
        vars(columns_of(one, labeling))
        | {"annotation_id": annotation.annotation_id, "revision": annotation.revision, "object_index": index}
        for annotation in annotations
        for index, one in enumerate(annotation.objects)
    ]
    return check(AnnotationObject, pl.DataFrame(records, infer_schema_length=None)) if records else empty(AnnotationObject)
