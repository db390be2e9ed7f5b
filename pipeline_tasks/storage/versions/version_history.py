"""Dataset versions of a project, in the order of its ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.events import Event

BUILT_BY = "build_dataset_version"


@dataclass(frozen=True)
class VersionRecord:
    """A dataset version, as recorded in the event that made it."""

    dataset_id: str
    cycle_id: str
    """The cycle that made it; its `dataset_images` holds the rows."""
    sequence: int
    """The event's number; the state up to it is what was known then."""
    started_at: str | None
    """Start of that cycle."""
    summary: BuildDatasetVersionSummary
    """Its counts, as they were when it was made."""


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained on a dataset version."""

    model_digest: str
    dataset_id: str
    cycle_id: str
    role: str | None
    """`champion`, `candidate`, or None if it is neither now."""


def dataset_versions(store: Store) -> list[VersionRecord]:
    """All versions in the order in which they were made; content that occurs again later is the same version."""
    found: dict[str, VersionRecord] = {}
    for event in _events(store, BUILT_BY):
        built = event.read(BuildDatasetVersionSummary)
        if built.dataset_id is None or not built.is_changed or built.dataset_id in found:
            continue
        opened = store.find_summary(event.cycle_id, OpenCycleSummary)
        started_at = None if opened is None else opened.started_at
        found[built.dataset_id] = VersionRecord(built.dataset_id, event.cycle_id, event.sequence, started_at, built)
    return list(found.values())


def find_version(versions: Sequence[VersionRecord], wanted: str) -> VersionRecord:
    """The version with this dataset_id, which may be shortened as long as only one version matches.

    Raises:
        SettingsError: no version matches, or several do; the message lists them.
    """
    fitting = [version for version in versions if wanted and version.dataset_id.startswith(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{one.dataset_id[:16]} of cycle {one.cycle_id}" for one in fitting or versions) or "none"
    found = "fits several of them" if fitting else "fits none of them"
    raise SettingsError(f"dataset version: wanted one of: {listed}; found {wanted!r}, which {found}")


def trained_models(store: Store) -> list[TrainedModel]:
    """All exported models, oldest first, each with its training version."""
    state = store.state()
    roles = {one.model_digest: one.key for one in (state.candidate, state.champion) if one is not None}
    models = []
    for event in _events(store, "export_model"):
        exported = event.read(ExportModelSummary)
        if exported.model_digest is not None and exported.dataset_id is not None:
            digest = exported.model_digest
            models.append(TrainedModel(digest, exported.dataset_id, event.cycle_id, roles.get(digest)))
    return models


def _events(store: Store, stage: str) -> Iterator[Event]:
    """The events of a stage in the order of the ledger."""
    for sequence in sorted(stages[stage] for stages in store.state().stages.values() if stage in stages):
        yield store.event_at(sequence)
