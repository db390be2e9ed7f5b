"""Restored dataset version, which trainings use instead of the current labels until it is released."""

from __future__ import annotations

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.records.project_state import RestoredDataset
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.store import Store


def restored_version(store: Store) -> RestoredDataset | None:
    """The currently restored version; None if there is none."""
    return store.state().value(RestoredDataset)


def check_restorable(store: Store, dataset_id: str, label_kind: str, kind: Kind) -> None:
    """Refuse a version of another kind, or with other classes or other `labels`, because its model could not be compared or served.

    Raises:
        SettingsError: its label kind, its class list or the kind's own settings differ.
        NotFoundError: the version's index is missing.
        CorruptObjectError: the version's index was changed.
    """
    about = read_index(store.objects, dataset_id).about
    wanted: dict[str, Json] = {"label_kind": label_kind, "classes": list(kind.vocabulary)}
    found: dict[str, Json] = {"label_kind": about.label_kind, "classes": list(about.vocabulary)}
    if about.options or kind.options:
        wanted, found = wanted | {"labels": dict(kind.options)}, found | {"labels": about.options}
    if differing := [name for name in wanted if wanted[name] != found[name]]:
        raise SettingsError(
            f"dataset version {dataset_id[:16]}: wanted the project's {wanted}, found {found}; "
            f"set {' and '.join(differing)} back, or run `versions restore newest`"
        )
