"""Collect all annotations that are new, changed or deleted since the last collection, including late ones of earlier rounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pipeline_tasks.annotations.changes import changed_annotations, newest_change, vanished_annotations
from pipeline_tasks.annotations.parsing import (
    AnnotationRevision,
    RecordedAnnotation,
    TaskContext,
    annotation_rows,
    object_rows,
    recorded_annotations,
    taken_back,
)
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.cycle import Cycle, utc
from pipeline_tasks.records.project_state import LabelStudioLooks
from pipeline_tasks.storage.blobs.annotation_log import append_revision
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.labeling_task import LabelingTask

STAGE = "collect_annotations"

_OVERLAP = timedelta(minutes=10)
"""Overlap with the last collection, because a change may be stamped well before it becomes visible."""

Known = Mapping[str, RecordedAnnotation]
"""annotation_id → its row."""


def collect_annotations(store: Store, cycle: Cycle, label_studio: LabelStudio) -> CollectAnnotationsSummary:
    """Log every new revision, then record it; the first success counts.

    An annotation is `deleted` if its task exists without it. If a task or project is gone, its annotations are kept.

    Raises:
        MissingStageError: send_to_labeling of this cycle has not been done.
        ServiceRefusedError: the Label Studio project of this cycle's round was deleted.
    """
    standing = store.finished(cycle.cycle_id, STAGE, CollectAnnotationsSummary)
    if standing is not None:
        return standing
    store.require(LabelingTask, cycle.cycle_id)
    contexts = _contexts_by_project(store, cycle)
    gone = [project_id for project_id in contexts if not label_studio.has_project(project_id)]
    _refuse_lost_round(store, cycle, gone)
    known = recorded_annotations(store.current(Annotation))
    standing_looks = store.state().value(LabelStudioLooks)
    looks = {} if standing_looks is None else dict(standing_looks.newest_changes)
    revisions: list[AnnotationRevision] = []
    for project_id in sorted(contexts.keys() - gone):
        there = {key: row for key, row in known.items() if key.startswith(f"{project_id}-")}
        revisions += _differences(label_studio, project_id, contexts[project_id], there, looks)
    for revision in revisions:
        append_revision(store.objects, revision.annotation_id, revision.revision, revision.content)
    summary = _summary(store, cycle, known, revisions, gone)
    writes = [(Annotation, annotation_rows(revisions)), (AnnotationObject, object_rows(revisions, kind_of(cycle.project).labeling))]
    return store.finish(cycle.cycle_id, STAGE, summary, writes, sets=[LabelStudioLooks(looks)])


def _contexts_by_project(store: Store, cycle: Cycle) -> dict[int, dict[str, TaskContext]]:
    """Label Studio project id → task_key → context of the task's annotations, over all rounds."""
    contexts: dict[int, dict[str, TaskContext]] = {}
    labeling = kind_of(cycle.project).labeling
    columns = ["label_studio_project_id", "task_key", "round_id", "image_id"]
    for task in store.history(LabelingTask, columns).iter_rows(named=True):
        project_id, key = task["label_studio_project_id"], task["task_key"]
        context = TaskContext(cycle.project.project, labeling, project_id, key, task["round_id"], task["image_id"])
        contexts.setdefault(project_id, {})[key] = context
    return contexts


def _refuse_lost_round(store: Store, cycle: Cycle, gone: list[int]) -> None:
    lost = set(store.read(LabelingTask, cycle.cycle_id)["label_studio_project_id"]) & set(gone)
    if lost:
        raise ServiceRefusedError(
            f"label_studio: project {min(lost)}, which holds the round of cycle {cycle.cycle_id}, is gone. "
            "Restore it from a backup of Label Studio's database; what was collected before is in annotation_log/"
        )


def _differences(
    label_studio: LabelStudio, project_id: int, contexts: Mapping[str, TaskContext], known: Known, looks: dict[int, str]
) -> list[AnnotationRevision]:
    """Changes since the last collection; if the counts then disagree, all differences of the whole project."""
    since = looks.get(project_id)
    moment = None if since is None else (utc(since) - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    tasks = label_studio.changed_since(project_id, moment)
    revisions = _compare(label_studio, tasks, contexts, known)
    standing = {key: row.state for key, row in known.items()} | {one.annotation_id: one.state for one in revisions}
    count = sum(state != "deleted" for state in standing.values())
    if moment is not None and label_studio.count_annotations(project_id) != count:
        tasks = label_studio.changed_since(project_id, None)
        revisions = _compare(label_studio, tasks, contexts, known)
    newest = newest_change(tasks)
    if newest is not None:
        looks[project_id] = newest.isoformat()
    return revisions


def _compare(
    label_studio: LabelStudio, tasks: list[JsonObject], contexts: Mapping[str, TaskContext], known: Known
) -> list[AnnotationRevision]:
    """New, changed and deleted annotations; each deletion is checked once more by id."""
    missing = vanished_annotations(tasks, contexts, known)
    deleted = [row for row in missing if not label_studio.has_annotation(int(row.annotation_id.split("-")[1]))]
    return changed_annotations(tasks, contexts, known) + [taken_back(row) for row in deleted]


def _summary(
    store: Store, cycle: Cycle, known: Known, revisions: list[AnnotationRevision], gone: list[int]
) -> CollectAnnotationsSummary:
    tasks = store.read(LabelingTask, cycle.cycle_id)
    rounds = set(tasks["round_id"])
    standing = dict(known) | {revision.annotation_id: revision for revision in revisions}
    answered = {row.task_key for row in standing.values() if row.state != "deleted"}
    given = [revision for revision in revisions if revision.state != "deleted"]
    return CollectAnnotationsSummary(
        annotations_new=sum(revision.annotation_id not in known for revision in given),
        annotations_changed=sum(revision.annotation_id in known for revision in given),
        annotations_deleted=len(revisions) - len(given),
        annotations_skipped=sum(revision.state == "skipped" for revision in given),
        annotations_from_earlier_rounds=sum(revision.round_id not in rounds for revision in revisions),
        annotators=len({revision.annotator_id for revision in given}),
        tasks_unanswered=len(set(tasks["task_key"]) - answered),
        projects_gone=sorted(gone),
    )
