"""Tasks in a Label Studio project that Nightlens did not send, and why they are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from pipeline_tasks.records.task_there import TaskThere

_IMAGE_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True)
class ImagesKnown:
    """Knowledge of a project about images."""

    are_there: Callable[[Collection[str]], Collection[str]]
    """Those of these image ids that the project has."""
    is_erased: Callable[[str], bool]


def foreign_tasks(tasks: Iterable[TaskThere], sent: Collection[int], keys: Collection[str], images: ImagesKnown) -> dict[int, str]:
    """Label Studio's id of each task that was not sent → its reason, one of `tables.foreign_task.REASONS`.

    `sent` holds Label Studio's ids of the tasks that were sent, `keys` their task_keys.
    """
    strange = [task for task in tasks if task.task_id not in sent]
    named = {task.task_id: image_id for task in strange if (image_id := _image_of(task)) is not None}
    known = images.are_there(set(named.values())) if named else frozenset[str]()

    def reason(task: TaskThere) -> str:
        """The first reason that fits."""
        image_id = named.get(task.task_id)
        if image_id is not None and images.is_erased(image_id):
            return "erased_image"
        if task.task_key in keys:
            return "copy"
        if image_id is None:
            return "by_hand"
        return "unknown_task" if image_id in known else "unknown_image"

    return {task.task_id: reason(task) for task in strange}


def _image_of(task: TaskThere) -> str | None:
    """The image that a task names, in its data or in its image's address."""
    found = (_IMAGE_ID.search(text) for text in (task.image_id or "", task.address))
    return next((one[0] for one in found if one is not None), None)
