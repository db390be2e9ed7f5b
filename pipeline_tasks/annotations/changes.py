"""Differences between the recorded annotations and those in Label Studio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline_tasks.annotations.annotation_names import CreatedAt, names_of, never_logged, without_recorded
from pipeline_tasks.annotations.parsing import AnnotationRevision, RecordedAnnotation, TaskContext
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.cycle import utc

PERSON = "for"
"""Column in Label Studio with the name of the person who is asked."""


@dataclass(frozen=True)
class Vanished:
    """A recorded annotation that its task no longer has."""

    row: RecordedAnnotation
    task_id: int
    was_lost: bool
    """True if its task is older: a deletion changes the task, so the server stands before the annotation was made."""


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
    tasks: Sequence[JsonObject],
    contexts: Mapping[str, TaskContext],
    known: Mapping[str, RecordedAnnotation],
    created_at: CreatedAt = never_logged,
) -> list[AnnotationRevision]:
    """Annotations in Label Studio's tasks with a revision other than the recorded one, by annotation_id.

    `contexts` by task_key, `known` by annotation_id. Tasks not created by Nightlens are skipped.
    """
    read = _read(tasks, contexts, known, created_at)
    changed = {
        annotation.annotation_id: annotation
        for annotation in read
        if isinstance(annotation, AnnotationRevision)
        and (annotation.annotation_id not in known or known[annotation.annotation_id].revision != annotation.revision)
    }
    return [changed[annotation_id] for annotation_id in sorted(changed)]


def vanished_annotations(
    tasks: Sequence[JsonObject],
    contexts: Mapping[str, TaskContext],
    known: Mapping[str, RecordedAnnotation],
    created_at: CreatedAt = never_logged,
) -> list[Vanished]:
    """Recorded annotations missing from their existing tasks: deleted, unless another task has them or the server lost them."""
    changed_at: dict[str, datetime] = {}
    ids: dict[str, int] = {}
    for task, context in _ours(tasks, contexts):
        changed_at[context.task_key] = max(utc(task["updated_at"]), changed_at.get(context.task_key, utc(task["updated_at"])))
        ids.setdefault(context.task_key, int(task["id"]))
    shown = {annotation.annotation_id for annotation in _read(tasks, contexts, known, created_at)}
    return [
        Vanished(row, ids[row.task_key], was_lost=changed_at[row.task_key] < row.updated_at)
        for annotation_id, row in sorted(known.items())
        if row.state != "deleted" and row.task_key in ids and annotation_id not in shown
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


def edited_tasks(tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext]) -> dict[int, JsonObject]:
    """Label Studio's id of each task of ours whose data people edited, though it shows its image → its data as it was sent."""
    wanted = {
        int(task["id"]): {"task_key": one.task_key, "round_id": one.round_id, "image_id": one.image_id}
        | ({} if one.shown_for is None else {PERSON: one.shown_for})
        for task, one in _ours(tasks, contexts)
    }
    data = {int(task["id"]): task["data"] for task in tasks}
    return {number: data[number] | one for number, one in wanted.items() if data[number] | one != data[number]}


def replaced_tasks(tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext]) -> set[int]:
    """Label Studio's ids of tasks of ours that people edited to show another image."""
    by_id = _by_id(contexts)
    found = ((task, _context(task, contexts, by_id)) for task in tasks)
    return {int(task["id"]) for task, context in found if context is not None and not _shows_our_image(task, context)}


def newest_change(tasks: Iterable[JsonObject]) -> datetime | None:
    """Time of the newest change, by Label Studio's clock; None without tasks."""
    return max((utc(task["updated_at"]) for task in tasks), default=None)


def slimmed(
    tasks: Iterable[JsonObject], contexts: Mapping[str, TaskContext], known: Mapping[str, RecordedAnnotation]
) -> list[JsonObject]:
    """The tasks as a look needs them: without the results of annotations that stand as they were recorded."""
    by_id = _by_id(contexts)
    return [without_recorded(task, _context(task, contexts, by_id), known) for task in tasks]


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


def _read(
    tasks: Sequence[JsonObject],
    contexts: Mapping[str, TaskContext],
    known: Mapping[str, RecordedAnnotation],
    created_at: CreatedAt,
) -> list[RecordedAnnotation]:
    ours = list(_ours(tasks, contexts))
    names = names_of(ours, known, created_at)
    return [names.read(raw, context) for task, context in ours for raw in task["annotations"]]
