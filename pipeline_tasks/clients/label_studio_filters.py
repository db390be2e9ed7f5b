"""Filters of Label Studio's data manager."""

from __future__ import annotations

IS_ANNOTATED = {"filter": "filter:tasks:completed_at", "operator": "empty", "type": "Datetime", "value": False}
"""Filter for the tasks that were annotated or skipped."""

IS_OPEN = IS_ANNOTATED | {"value": True}
"""Filter for the other tasks."""


def for_person(name: str) -> dict[str, str]:
    """Filter for the tasks that one person is asked for by name."""
    return {"filter": "filter:tasks:data.for", "operator": "equal", "type": "String", "value": name}


def in_round(round_id: str) -> dict[str, str]:
    """Filter for the tasks of one round."""
    return {"filter": "filter:tasks:data.round_id", "operator": "equal", "type": "String", "value": round_id}
