"""Differences between the recorded annotations and those in Label Studio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from pipeline_tasks.annotations.parsing import AnnotationRevision, RecordedAnnotation, TaskContext, read_annotation
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.cycle import utc


def changed_annotations(
    tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext], known: Mapping[str, RecordedAnnotation]
) -> list[AnnotationRevision]:
    """Annotations in Label Studio's tasks with a revision other than the recorded one, by annotation_id.

    `contexts` by task_key, `known` by annotation_id. Tasks not created by Nightlens are skipped.
    """
    read = [
        read_annotation(raw, contexts[task["data"]["task_key"]]) for task in _ours(tasks, contexts) for raw in task["annotations"]
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
    keys = {task["data"]["task_key"] for task in ours}
    shown = {
        f"{contexts[task['data']['task_key']].label_studio_project_id}-{raw['id']}" for task in ours for raw in task["annotations"]
    }
    return [
        row
        for annotation_id, row in sorted(known.items())
        if row.state != "deleted" and row.task_key in keys and annotation_id not in shown
    ]


def newest_change(tasks: Iterable[JsonObject]) -> datetime | None:
    """Time of the newest change, by Label Studio's clock; None without tasks."""
    return max((utc(task["updated_at"]) for task in tasks), default=None)


def _ours(tasks: Sequence[JsonObject], contexts: Mapping[str, TaskContext]) -> Iterator[JsonObject]:
    """Tasks created by Nightlens; people may have added others to the same Label Studio project."""
    for task in tasks:
        if task["data"].get("task_key") in contexts:
            yield task
