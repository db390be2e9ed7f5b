"""Tasks as Label Studio lists them."""

from __future__ import annotations

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.task_there import TaskThere


def task_there(task: JsonObject) -> TaskThere:
    """A task as Label Studio lists it."""
    said = {name: str(value) for name, value in task["data"].items() if value is not None}
    is_touched = bool(task["total_annotations"] or task["cancelled_annotations"] or task.get("draft_exists"))
    return TaskThere(int(task["id"]), said.get("task_key"), said.get("image_id"), said.get("picture", ""), is_touched)
