"""`versions list`: one line a dataset version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipeline_tasks.commands.versions.text_table import text_table
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.restored_version import restored_version
from pipeline_tasks.storage.versions.version_history import TrainedModel, dataset_versions, trained_models

SHORT = 12
"""Digits of a dataset_id or model digest that are shown; any unique start is accepted."""


def list_versions(store: Store) -> dict[str, Any]:
    """All versions, oldest first, each with its counts and the models that were trained on it."""
    models, newest, restored = trained_models(store), store.state().dataset, restored_version(store)
    versions = [
        {
            "dataset_id": version.dataset_id,
            "cycle_id": version.cycle_id,
            "started_at": version.started_at,
            "images": version.summary.images,
            "images_by_split": version.summary.images_by_split,
            "labels_new": version.summary.labels_new,
            "models": [_fields(model) for model in models if model.dataset_id == version.dataset_id],
        }
        for version in dataset_versions(store)
    ]
    return {
        "versions": versions,
        "dataset_id": None if newest is None else newest.dataset_id,
        "restored": None if restored is None else asdict(restored),
    }


def as_text(fields: dict[str, Any]) -> str:
    """The list as a table."""
    if not fields["versions"]:
        return "No dataset version yet: the first night with labels makes one."
    splits = list(fields["versions"][0]["images_by_split"])
    headers = ["dataset_id", "cycle", "when", "images", *splits, "new labels", "trained on it"]
    rows = [
        [
            version["dataset_id"][:SHORT] + (" *" if version["dataset_id"] == fields["dataset_id"] else ""),
            version["cycle_id"],
            (version["started_at"] or "-")[:16].replace("T", " "),
            version["images"],
            *(version["images_by_split"].get(split, 0) for split in splits),
            version["labels_new"],
            ", ".join(
                model["model_digest"][:SHORT] + (f" ({model['role']})" if model["role"] else "") for model in version["models"]
            )
            or None,
        ]
        for version in fields["versions"]
    ]
    restored = fields["restored"]
    note = "" if restored is None else f"; {restored['dataset_id'][:SHORT]} is restored, since cycle {restored['restored_in']}"
    return f"{text_table(headers, rows)}\n* what the newest training used or would use{note}"


def _fields(model: TrainedModel) -> dict[str, str | None]:
    return {"model_digest": model.model_digest, "cycle_id": model.cycle_id, "role": model.role}
