"""Filters of Label Studio's data manager."""

from __future__ import annotations

IS_ANNOTATED = {"filter": "filter:tasks:completed_at", "operator": "empty", "type": "Datetime", "value": False}
"""Filter for the tasks that were annotated or skipped."""


def in_round(round_id: str) -> dict[str, str]:
    """Filter for the tasks of one round."""
    return {"filter": "filter:tasks:data.round_id", "operator": "equal", "type": "String", "value": round_id}
