"""Saved views (tabs) of a Label Studio project: one a labeling round, the newest first, because Label Studio opens the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.clients.label_studio_filters import in_round

_NOT_FOR_PEOPLE = """
    data.purpose data.image_id data.round_id data.task_key inner_id completed_at total_annotations cancelled_annotations
    total_predictions annotators annotations_results annotations_ids predictions_score predictions_model_versions
    predictions_results file_upload storage_filename created_at updated_at updated_by avg_lead_time draft_exists
"""
_HIDDEN = [f"tasks:{column}" for column in _NOT_FOR_PEOPLE.split()]
_GRID_OF_IMAGES = {
    "type": "grid",
    "gridWidth": 6,
    "hiddenColumns": {"explore": _HIDDEN, "labeling": _HIDDEN},
}
"""Display settings of a round's tab: images side by side, without columns that do not help annotators."""


def find_or_create_view(connection: Connection, project_id: int, round_id: str, title: str) -> int:
    """The id of the view that shows one round, found by what it shows, so that people may rename it; it becomes the first tab."""
    found = _views_of(connection, project_id, round_id)
    if not found:
        fields = {"title": title, "target": "tasks", "ordering": ["tasks:id"], **_GRID_OF_IMAGES}
        filters = {"conjunction": "and", "items": [in_round(round_id)]}
        made = connection.post("api/dm/views", {"project": project_id, "data": fields | {"filters": filters}})
        found = _views_of(connection, project_id, round_id) or [made["id"]]
        if found[0] != made["id"]:
            connection.delete(f"api/dm/views/{made['id']}")
        _put_first(connection, project_id, found[0])
    return found[0]


def _put_first(connection: Connection, project_id: int, view_id: int) -> None:
    """Order the tabs: this one, then the others as they are."""
    others = [view["id"] for view in connection.get("api/dm/views", project=project_id) if view["id"] != view_id]
    connection.post("api/dm/views/order", {"project": project_id, "ids": [view_id, *others]})


def _views_of(connection: Connection, project_id: int, round_id: str) -> list[int]:
    views = connection.get("api/dm/views", project=project_id)
    return sorted(view["id"] for view in views if round_id in (view["data"].get("title"), *_values(view["data"])))


def _values(data: Mapping[str, Any]) -> Iterator[object]:
    """Values that a view filters by."""
    for one in (data.get("filters") or {}).get("items", []):
        yield one.get("value")
