"""Restored dataset version, which trainings use instead of the current labels until it is released."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.project_state import RestoredDataset
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.store import Store


def restored_version(store: Store) -> RestoredDataset | None:
    """The currently restored version; None if there is none."""
    return store.state().value(RestoredDataset)


def check_restorable(store: Store, dataset_id: str, label_kind: str, vocabulary: Sequence[str]) -> None:
    """Refuse a version with other classes than the project's, because its model could not be compared or served.

    Raises:
        SettingsError: its label kind or its class list differs.
        NotFoundError: the version's index is missing.
        CorruptObjectError: the version's index was changed.
    """
    about = read_index(store.objects, dataset_id).about
    wanted = {"label_kind": label_kind, "classes": list(vocabulary)}
    found = {"label_kind": about.label_kind, "classes": list(about.vocabulary)}
    if found != wanted:
        raise SettingsError(
            f"dataset version {dataset_id[:16]}: wanted the project's {wanted}, found {found}; "
            "set classes and label_kind back, or `versions restore newest`"
        )
