"""Restore an earlier dataset version for trainings, exactly as it was: one ledger event, which a later one can undo."""

from __future__ import annotations

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id
from pipeline_tasks.records.project_state import Ended, RestoredDataset
from pipeline_tasks.records.restore_dataset_version import RestoreDatasetVersionSummary
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.dataset_versions import read_version
from pipeline_tasks.storage.versions.restored_version import check_restorable, restored_version
from pipeline_tasks.storage.versions.version_history import VersionRecord, dataset_versions, find_version

STAGE = "restore_dataset_version"
NEWEST = "newest"


def restore_dataset_version(store: Store, opening: CycleOpening, dataset_id: str = "") -> RestoreDatasetVersionSummary:
    """Restore a version in a cycle of its own kind; nothing is deleted, and labels are still collected.

    `dataset_id` may be shortened as long as only one version matches; `newest` returns to versions frozen from the labels.

    Raises:
        SettingsError: no such version, or its classes differ from the project's.
        CycleTakenError: another run owns this cycle_id.
        NotFoundError, CorruptObjectError: the version is incomplete or damaged.
    """
    summary = store.finished(check_cycle_id(opening.cycle_id), STAGE, RestoreDatasetVersionSummary)
    version = None if summary or dataset_id == NEWEST else _whole_version(store, opening.project, dataset_id)
    open_manual_cycle(store, opening, "restore")
    if summary is not None:
        return summary
    change = Ended(RestoredDataset) if version is None else RestoredDataset(version.dataset_id, version.cycle_id, opening.cycle_id)
    return store.finish(opening.cycle_id, STAGE, _summary(store, version, opening.cycle_id), sets=[change])


def _whole_version(store: Store, project: Project, wanted: str) -> VersionRecord:
    """The wanted version, with its manifest verified."""
    version = find_version(dataset_versions(store), wanted)
    check_restorable(store, version.dataset_id, project.label_kind, kind_of(project))
    read_version(store.objects, version.dataset_id)
    return version


def _summary(store: Store, version: VersionRecord | None, cycle_id: str) -> RestoreDatasetVersionSummary:
    previous = restored_version(store)
    previous_id = None if previous is None else previous.dataset_id
    if version is None:
        why = f"A person let trainings use the current labels again in cycle {cycle_id}."
        return RestoreDatasetVersionSummary(None, previous_id, why)
    why = f"A person restored the dataset version of cycle {version.cycle_id} in cycle {cycle_id}."
    return RestoreDatasetVersionSummary(version.dataset_id, previous_id, why, version.summary.images)
