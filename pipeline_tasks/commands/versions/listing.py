"""`versions list`: one line per dataset version."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.commands.versions.text_table import text_table
from pipeline_tasks.records.project_state import RestoredDataset
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.restored_version import restored_version
from pipeline_tasks.storage.versions.version_history import TrainedModel, dataset_versions, trained_models

SHORT = 12
"""Number of digits shown of a dataset_id or model digest; any unique prefix is accepted."""


@dataclass(frozen=True)
class ListedVersion:
    """One dataset version with its counts and the models trained on it."""

    dataset_id: str
    cycle_id: str
    started_at: str | None
    images: int
    images_by_split: dict[str, int]
    labels_new: int
    models: list[TrainedModel]


@dataclass(frozen=True)
class VersionList:
    """All versions, oldest first."""

    versions: list[ListedVersion]
    dataset_id: str | None
    """The version that the newest training used, or would use."""
    restored: RestoredDataset | None


def list_versions(store: Store) -> VersionList:
    """All versions of the project."""
    models, newest = trained_models(store), store.state().dataset
    versions = [
        ListedVersion(
            dataset_id=version.dataset_id,
            cycle_id=version.cycle_id,
            started_at=version.started_at,
            images=version.summary.images,
            images_by_split=version.summary.images_by_split,
            labels_new=version.summary.labels_new,
            models=[model for model in models if model.dataset_id == version.dataset_id],
        )
        for version in dataset_versions(store)
    ]
    return VersionList(versions, None if newest is None else newest.dataset_id, restored_version(store))


def as_text(found: VersionList) -> str:
    """Format the list as a table."""
    if not found.versions:
        return "No dataset version yet; the first cycle with labels creates one."
    splits = list(found.versions[0].images_by_split)
    headers = ["dataset_id", "cycle", "when", "images", *splits, "new labels", "trained on it"]
    rows = [
        [
            version.dataset_id[:SHORT] + (" *" if version.dataset_id == found.dataset_id else ""),
            version.cycle_id,
            (version.started_at or "-")[:16].replace("T", " "),
            version.images,
            *(version.images_by_split.get(split, 0) for split in splits),
            version.labels_new,
            ", ".join(model.model_digest[:SHORT] + (f" ({model.role})" if model.role else "") for model in version.models) or None,
        ]
        for version in found.versions
    ]
    restored = found.restored
    note = "" if restored is None else f"; {restored.dataset_id[:SHORT]} was restored in cycle {restored.restored_in}"
    return f"{text_table(headers, rows)}\n* used by the newest training, or by the next one{note}"
