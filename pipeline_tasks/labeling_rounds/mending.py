"""Mends a Label Studio project: doubles of tasks, edited tasks, and annotations that the server lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_tasks.annotations.parsing import RecordedAnnotation, TaskContext
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.labeling_rounds.comparing import AnnotationsFound, Contexts, number_of
from pipeline_tasks.records.task_there import TaskThere
from pipeline_tasks.storage.blobs.annotation_log import AnnotationLog

logger = logging.getLogger(__name__)

_SHOWN = ("result", "was_cancelled", "lead_time")


@dataclass(frozen=True)
class Mended:
    """Counts of what was mended in one look."""

    copies_removed: int = 0
    """Doubles of tasks that nobody had touched."""
    tasks_set_back: int = 0
    """Tasks whose data people had edited."""
    annotations_put_back: int = 0
    """Annotations that the server had lost."""

    def __add__(self, other: Mended) -> Mended:
        """Both together."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Mended(*(one + another for one, another in pairs))


def mend(
    label_studio: LabelStudio, contexts: Contexts, found: AnnotationsFound, there: Sequence[TaskThere] | None, log: AnnotationLog
) -> Mended:
    """Set right what one look found; each step may be done again, so an interruption does no harm."""
    for task_id, data in found.edited.items():
        label_studio.set_data(task_id, data)
    for one in found.vanished:
        label_studio.put_annotation(one.task_id, number_of(one.row), shown_content(log, one.row))
    for number, row in found.stepped_back.items():
        label_studio.set_annotation(number, shown_content(log, row))
    if found.vanished or found.stepped_back:
        logger.warning(
            "Label Studio stands before the last collection, as after a restore from a backup: %d annotations that it lost were "
            "put back, %d were set to their later revision",
            *(len(found.vanished), len(found.stepped_back)),
        )
    removed = label_studio.remove_copies(untouched_copies(there or (), contexts))
    return Mended(removed, len(found.edited), len(found.vanished) + len(found.stepped_back))


def untouched_copies(there: Sequence[TaskThere], contexts: Contexts) -> list[int]:
    """Ids of the tasks that stand twice and that nobody has touched, without the one of each that stays.

    A touched task stays before an untouched one, then the one that was recorded, then the oldest.
    """
    by_key: dict[str, list[TaskThere]] = {}
    for task in there:
        if task.task_key in contexts:
            by_key.setdefault(task.task_key or "", []).append(task)
    copies = []
    for key, tasks in by_key.items():
        recorded = contexts[key].label_studio_task_id
        _, *others = sorted(tasks, key=lambda one: (not one.is_touched, one.task_id != recorded, one.task_id))
        copies += [task.task_id for task in others if not task.is_touched]
    return copies


def lost_tasks(
    expected: Sequence[TaskContext], contexts: Contexts, there: Sequence[TaskThere], replaced: set[int]
) -> list[TaskContext]:
    """Tasks that are gone: neither their key is there, nor their number without the key of another."""
    shown = [task for task in there if task.task_id not in replaced]
    keys = {task.task_key for task in shown}
    ids = {task.task_id for task in shown if task.task_key not in contexts}
    return [one for one in expected if one.task_key not in keys and one.label_studio_task_id not in ids]


def shown_content(log: AnnotationLog, row: RecordedAnnotation) -> JsonObject:
    """The content of a recorded annotation, as Label Studio takes it."""
    logged = log.content(row.annotation_id, row.revision)
    return {field: logged.get(field) for field in _SHOWN} | {"ground_truth": bool(logged.get("ground_truth"))}
