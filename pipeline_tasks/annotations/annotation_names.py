"""Names of annotations, by which one is the same in every look: Label Studio's numbers are not, after a loss of its data.

A server that was restored from a backup gives the numbers of lost annotations to new ones, and an annotation that was put
back has a new number. The first keeps its earlier number as `import_id`; of two with one number the time of creation tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline_tasks.annotations.parsing import RecordedAnnotation, TaskContext, read_annotation, revision_of
from pipeline_tasks.json_values import JsonObject

_AS_RECORDED = "as_recorded"
_WITHOUT_RESULT = ("id", "import_id", "created_at", "updated_at")

CreatedAt = Callable[[str], str | None]
"""annotation_id → time of creation in the annotation log."""


def never_logged(_: str) -> str | None:
    """The time of creation where no log is at hand."""
    return None


@dataclass
class AnnotationNames:
    """Names of the annotations of one look."""

    known: Mapping[str, RecordedAnnotation]
    shown: Mapping[str, tuple[JsonObject, TaskContext]]
    """Name by number → annotation, of all in this look."""
    created_at: CreatedAt = never_logged
    _by_number: dict[tuple[str, str], str] = field(init=False)

    def __post_init__(self) -> None:
        """Find the recorded annotations by task and number."""
        self._by_number = {(row.task_key, name.split("-")[1]): name for name, row in self.known.items()}

    def read(self, raw: JsonObject, context: TaskContext) -> RecordedAnnotation:
        """Read one annotation under its name: the recorded one, or an `AnnotationRevision` that was not recorded yet.

        Its person stays the one that an earlier look recorded.
        """
        own = number_name(raw, context)
        if is_recorded(raw, context, self.known.get(own)):
            return self.known[own]
        name = self._put_back_as(raw, context)
        if name is None and self._is_another(raw, context, own):
            made = hashlib.sha256(str(raw.get("created_at")).encode()).hexdigest()[:8]
            name = f"{own}-{made}"
        row = self.known.get(name or own)
        if row is not None and is_recorded(raw, context, row):
            return row
        return read_annotation(raw, context, None if row is None else row.annotator_id, name or own)

    def _put_back_as(self, raw: JsonObject, context: TaskContext) -> str | None:
        """The name of the recorded annotation that was put back as this one."""
        number = raw.get("import_id")
        name = None if number is None else self._by_number.get((context.task_key, str(number)))
        holder, of_holder = self.shown.get(name or "", (raw, context))
        is_copy = holder is not raw and name is not None and not self._is_another(holder, of_holder, name)
        return None if is_copy else name

    def _is_another(self, raw: JsonObject, context: TaskContext, name: str) -> bool:
        """Return True if this number belonged to another annotation at an earlier look."""
        row = self.known.get(name)
        if row is None or is_recorded(raw, context, row):
            return False
        if row.task_key != context.task_key:
            return True
        made = self.created_at(name)
        return made is not None and made != raw.get("created_at")


def is_recorded(raw: JsonObject, context: TaskContext, row: RecordedAnnotation | None) -> bool:
    """Return True if an annotation stands as it was recorded."""
    return row is not None and (_AS_RECORDED in raw or revision_of(raw, context, row.annotator_id) == row.revision)


def without_recorded(task: JsonObject, context: TaskContext | None, known: Mapping[str, RecordedAnnotation]) -> JsonObject:
    """The task, without the results of annotations that stand as they were recorded: masks of many tasks fill the memory."""
    if context is None:
        return task
    kept = [
        {field: raw.get(field) for field in _WITHOUT_RESULT} | {_AS_RECORDED: True}
        if is_recorded(raw, context, known.get(number_name(raw, context)))
        else raw
        for raw in task["annotations"]
    ]
    return task | {"annotations": kept}


def number_name(raw: JsonObject, context: TaskContext) -> str:
    """Name of an annotation by its number in Label Studio."""
    return f"{context.stands_in}-{raw['id']}"


def names_of(
    shown: Iterable[tuple[JsonObject, TaskContext]], known: Mapping[str, RecordedAnnotation], created_at: CreatedAt = never_logged
) -> AnnotationNames:
    """Names for the annotations of these tasks."""
    numbers = {number_name(raw, context): (raw, context) for task, context in shown for raw in task["annotations"]}
    return AnnotationNames(known, numbers, created_at)
