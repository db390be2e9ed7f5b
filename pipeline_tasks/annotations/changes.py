"""Differences between the recorded annotations and those in Label Studio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline_tasks.annotations.parsing import AnnotationRevision, RecordedAnnotation, TaskContext, read_annotation
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.cycle import utc


@dataclass(frozen=True)
class NotOurs:
    """Counts of annotations in Label Studio's tasks that cannot be used."""

    by_hand: int
    """Annotations of tasks that people imported themselves."""
    image_replaced: int
    """Annotations of our tasks that people edited to show another image."""
    tasks: frozenset[int] = frozenset()
    """Label Studio's ids of the tasks that were not sent."""


def changed_annotations(
    tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext], known: Mapping[str, RecordedAnnotation]
) -> list[AnnotationRevision]:
    """Annotations in Label Studio's tasks with a revision other than the recorded one, by annotation_id.

    `contexts` by task_key, `known` by annotation_id. Tasks not created by Nightlens are skipped.
    """
    read = [
        read_annotation(raw, context, _annotator(known, context, raw))
        for task, context in _ours(tasks, contexts)
        for raw in task["annotations"]
    ]
    changed = {
        annotation.annotation_id: annotation
        for annotation in read
        if annotation.annotation_id not in known or known[annotation.annotation_id].revision != annotation.revision
    }
    return [changed[annotation_id] for annotation_id in sorted(changed)]


def vanished_annotations(
    tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext], known: Mapping[str, RecordedAnnotation]
) -> list[RecordedAnnotation]:
    """Recorded annotations missing from their existing tasks: deleted, unless another task has them."""
    ours = list(_ours(tasks, contexts))
    keys = {context.task_key for _, context in ours}
    shown = {f"{context.label_studio_project_id}-{raw['id']}" for task, context in ours for raw in task["annotations"]}
    return [
        row
        for annotation_id, row in sorted(known.items())
        if row.state != "deleted" and row.task_key in keys and annotation_id not in shown
    ]


def not_ours(tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext]) -> NotOurs:
    """Count the annotations that `changed_annotations` skips."""
    by_id = _by_id(contexts)
    by_hand = image_replaced = 0
    for task in tasks:
        context = _context(task, contexts, by_id)
        if context is None:
            by_hand += len(task["annotations"])
        elif not _shows_our_image(task, context):
            image_replaced += len(task["annotations"])
    return NotOurs(by_hand, image_replaced, frozenset(int(task["id"]) for task in tasks) - by_id.keys())


def newest_change(tasks: Iterable[JsonObject]) -> datetime | None:
    """Time of the newest change, by Label Studio's clock; None without tasks."""
    return max((utc(task["updated_at"]) for task in tasks), default=None)


def _ours(tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext]) -> Iterator[tuple[JsonObject, TaskContext]]:
    """Tasks created by Nightlens that still show their image; people may have added others to the same project."""
    by_id = _by_id(contexts)
    for task in tasks:
        context = _context(task, contexts, by_id)
        if context is not None and _shows_our_image(task, context):
            yield task, context


def _by_id(contexts: Mapping[str, TaskContext]) -> dict[int, TaskContext]:
    return {one.label_studio_task_id: one for one in contexts.values() if one.label_studio_task_id}


def _context(task: JsonObject, contexts: Mapping[str, TaskContext], by_id: Mapping[int, TaskContext]) -> TaskContext | None:
    """Origin of a task by its key, or by Label Studio's id if people removed the key and the image is still ours."""
    found = contexts.get(task["data"].get("task_key"))
    if found is not None:
        return found
    found = by_id.get(task["id"])
    return found if found is not None and found.image_id in str(task["data"].get("picture", "")) else None


def _shows_our_image(task: JsonObject, context: TaskContext) -> bool:
    """Every address of an image contains its image_id."""
    return context.image_id in str(task["data"].get("picture", context.image_id))


def _annotator(known: Mapping[str, RecordedAnnotation], context: TaskContext, raw: JsonObject) -> str | None:
    row = known.get(f"{context.label_studio_project_id}-{raw['id']}")
    return None if row is None else row.annotator_id
