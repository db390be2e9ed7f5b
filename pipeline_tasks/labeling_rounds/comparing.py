"""The annotations of one Label Studio project, compared with the recorded ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline_tasks.annotations.changes import (
    NotOurs,
    Vanished,
    changed_annotations,
    edited_tasks,
    newest_change,
    not_ours,
    replaced_tasks,
    slimmed,
    vanished_annotations,
)
from pipeline_tasks.annotations.parsing import AnnotationRevision, RecordedAnnotation, TaskContext, taken_back
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.clients.label_studio_tasks import task_there
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.cycle import utc
from pipeline_tasks.records.task_there import TaskThere
from pipeline_tasks.storage.blobs.annotation_log import AnnotationLog

_OVERLAP = timedelta(minutes=10)
"""Overlap with the last collection, because a change may be stamped well before it becomes visible."""

Contexts = Mapping[str, TaskContext]
"""task_key → origin of the task."""
Known = Mapping[str, RecordedAnnotation]
"""annotation_id → its row."""


@dataclass(frozen=True)
class AnnotationsFound:
    """One look at the annotations of a Label Studio project."""

    revisions: list[AnnotationRevision]
    """New, changed and deleted annotations."""
    not_ours: NotOurs
    newest_change: str | None
    """Time of the newest change; None if nothing was listed."""
    there: list[TaskThere] | None
    """All tasks of the project; None if only those that changed were listed."""
    replaced: set[int]
    """Label Studio's ids of tasks that people edited to show another image."""
    edited: dict[int, JsonObject]
    """Id of each task whose data people edited otherwise → its data as it was sent."""
    vanished: list[Vanished]
    """Annotations that the server lost."""
    stepped_back: dict[int, RecordedAnnotation]
    """Label Studio's number → annotation in a revision before the recorded one, because the server lost the later one."""


def compare_annotations(
    label_studio: LabelStudio, project_id: int, contexts: Contexts, known: Known, log: AnnotationLog, since: str | None
) -> AnnotationsFound:
    """Compare all annotations with the recorded ones (`since` None), or those that changed `since` a moment.

    If the counts disagree after the latter, all are compared.
    """
    moment = None if since is None else (utc(since) - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    tasks = slimmed(label_studio.each_changed_since(project_id, moment), contexts, known)
    found = _compare(label_studio, tasks, contexts, known, log, is_whole=moment is None)
    if moment is not None and label_studio.count_annotations(project_id) != _standing(known, found.revisions):
        tasks = slimmed(label_studio.each_changed_since(project_id, None), contexts, known)
        found = _compare(label_studio, tasks, contexts, known, log, is_whole=True)
    return found


def _standing(known: Known, revisions: Sequence[AnnotationRevision]) -> int:
    """Number of annotations that should be there."""
    states = {name: row.state for name, row in known.items()} | {one.annotation_id: one.state for one in revisions}
    return sum(state != "deleted" for state in states.values())


def _compare(
    label_studio: LabelStudio, tasks: list[JsonObject], contexts: Contexts, known: Known, log: AnnotationLog, *, is_whole: bool
) -> AnnotationsFound:
    """Differences of these tasks; where not all tasks were listed, each deletion is checked once more by id."""
    missing = vanished_annotations(tasks, contexts, known, log.created_at)
    lost = [one for one in missing if one.was_lost]
    gone = [one.row for one in missing if not one.was_lost]
    deleted = gone if is_whole else [row for row in gone if not label_studio.has_annotation(number_of(row))]
    changed = changed_annotations(tasks, contexts, known, log.created_at)
    stepped_back = [one for one in changed if _is_step_back(one, known.get(one.annotation_id), log)]
    newest = newest_change(tasks)
    return AnnotationsFound(
        revisions=[one for one in changed if one not in stepped_back] + [taken_back(row) for row in deleted],
        not_ours=not_ours(tasks, contexts),
        newest_change=None if newest is None else newest.isoformat(),
        there=[task_there(task) for task in tasks] if is_whole else None,
        replaced=replaced_tasks(tasks, contexts),
        edited=edited_tasks(tasks, contexts),
        vanished=lost,
        # One that was put back has another number than its name.
        stepped_back={int(one.content["id"]): known[one.annotation_id] for one in stepped_back},
    )


def _is_step_back(found: AnnotationRevision, row: RecordedAnnotation | None, log: AnnotationLog) -> bool:
    """Return True if this revision was logged before the recorded one. An edit, even under a clock that went back, never was."""
    if row is None or row.state == "deleted" or found.updated_at >= row.updated_at:
        return False
    return log.has(found.annotation_id, found.revision)


def number_of(row: RecordedAnnotation) -> int:
    """Label Studio's number of an annotation."""
    return int(row.annotation_id.split("-")[1])
