"""Imported responses as revisions of annotations, read from the annotation log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_tasks.annotations.parsing import AnnotationRevision, RecordedAnnotation, TaskContext, read_annotation, taken_back
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.blobs.annotation_log import read_revision
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.labeling_task import LabelingTask

_TASK = ["task_key", "round_id", "image_id", "label_studio_project_id", "label_studio_task_id"]
_SIZE = ["image_id", "width_px", "height_px"]


def imported_revisions(
    store: Store, project: Project, responses: Sequence[ImportedResponse], known: Mapping[str, RecordedAnnotation]
) -> list[AnnotationRevision]:
    """The newest revision of each of these responses that is not the recorded one; responses about erased images are gone."""
    contexts = contexts_of(store, project, {one.task_key for one in responses})
    names = {one.annotation_id for one in responses}
    standing: dict[str, RecordedAnnotation] = {name: known[name] for name in names if name in known}
    for one in responses:
        found = _revision(store, one, contexts.get(one.task_key), standing.get(one.annotation_id))
        if found is not None:
            standing[one.annotation_id] = found
    return [row for _, row in sorted(standing.items()) if isinstance(row, AnnotationRevision)]


def contexts_of(store: Store, project: Project, task_keys: set[str]) -> dict[str, TaskContext]:
    """task_key → origin of its responses, for tasks of any round."""
    tasks = store.rows_of(LabelingTask, sorted(task_keys), "task_key", columns=_TASK).select(_TASK)
    rows = store.rows_of(Image, tasks["image_id"].unique(), columns=_SIZE).select(_SIZE)
    sizes = {image_id: (width, height) for image_id, width, height in rows.iter_rows()}
    labeling = kind_of(project).labeling
    return {
        key: TaskContext(project.project, labeling, place, key, round_id, image_id, task_id, sizes.get(image_id))
        for key, round_id, image_id, place, task_id in tasks.iter_rows()
    }


def _revision(
    store: Store, response: ImportedResponse, context: TaskContext | None, row: RecordedAnnotation | None
) -> AnnotationRevision | None:
    if context is None or (row is not None and row.revision == response.revision):
        return None
    if response.is_taken_back:
        return None if row is None else taken_back(row)
    try:
        content = read_revision(store.objects, response.annotation_id, response.revision)
    except NotFoundError:
        return None
    return read_annotation(content, context, str(content["annotator_id"]), response.annotation_id)
