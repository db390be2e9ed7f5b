"""A task as it stands in Label Studio, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskThere:
    """Label Studio's id of a task, and what its data says of its origin; people may have edited it."""

    task_id: int
    task_key: str | None = None
    image_id: str | None = None
    address: str = ""
    """Address of its image."""
    is_touched: bool = False
    """Somebody annotated or skipped it, or has a draft of an annotation."""
