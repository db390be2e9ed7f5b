"""Fields of the Label Studio projects that are made."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.json_values import Json, JsonObject

_TITLE_LENGTH = 50
"""Label Studio's own limit."""


def project_fields(outside_name: str, label_config: str, label_config_digest: str, key: str) -> JsonObject:
    """Fields of a Label Studio project: a skipped task is not shown again, and an empty annotation is allowed."""
    ending = f" · {label_config_digest[:8]}"
    return {
        "title": outside_name[: _TITLE_LENGTH - len(ending)] + ending,
        "description": f"Made by Nightlens, which finds it again by: {key}",
        "label_config": label_config,
        "skip_queue": "IGNORE_SKIPPED",
        "show_skip_button": True,
        "enable_empty_annotation": True,
        "maximum_annotations": 1,
    }


def set_fields(connection: Connection, project_id: int, wanted: Mapping[str, Json]) -> None:
    """Set fields of a project, unless they stand so."""
    standing = connection.get(f"api/projects/{project_id}", include=",".join(["id", *wanted]))
    if any(standing.get(name) != value for name, value in wanted.items()):
        connection.patch(f"api/projects/{project_id}", wanted)
