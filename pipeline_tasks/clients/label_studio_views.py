"""Saved views (tabs) of a Label Studio project: one a labeling round, the newest first, as Label Studio opens it; one a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.clients.label_studio_filters import IS_OPEN, for_person, in_round

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
    if found:
        return found[0]
    view_id = _make(connection, project_id, round_id, title, [in_round(round_id)])
    _put_first(connection, project_id, view_id)
    return view_id


def find_or_create_person_view(connection: Connection, project_id: int, name: str) -> int:
    """The id of the view that shows the open tasks of all rounds that one person is asked for; it stands behind the others."""
    found = _views_of(connection, project_id, name)
    return found[0] if found else _make(connection, project_id, name, name, [for_person(name), IS_OPEN])


def _make(connection: Connection, project_id: int, shows: str, title: str, filters: Sequence[Mapping[str, Any]]) -> int:
    """Make a view; if two are made at once, the first stays."""
    fields = {"title": title, "target": "tasks", "ordering": ["tasks:id"], **_GRID_OF_IMAGES}
    data = fields | {"filters": {"conjunction": "and", "items": list(filters)}}
    made = connection.post("api/dm/views", {"project": project_id, "data": data})
    found = _views_of(connection, project_id, shows) or [made["id"]]
    if found[0] != made["id"]:
        connection.delete(f"api/dm/views/{made['id']}")
    return int(found[0])


def _put_first(connection: Connection, project_id: int, view_id: int) -> None:
    """Order the tabs: this one, then the others as they are."""
    others = [view["id"] for view in connection.get("api/dm/views", project=project_id) if view["id"] != view_id]
    connection.post("api/dm/views/order", {"project": project_id, "ids": [view_id, *others]})


def _views_of(connection: Connection, project_id: int, shows: str) -> list[int]:
    """Ids of the views that filter by this round or person, or are called so."""
    views = connection.get("api/dm/views", project=project_id)
    return sorted(view["id"] for view in views if shows in (view["data"].get("title"), *_values(view["data"])))


def _values(data: Mapping[str, Any]) -> Iterator[object]:
    """Values that a view filters by."""
    for one in (data.get("filters") or {}).get("items", []):
        yield one.get("value")
