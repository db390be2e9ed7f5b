"""Which dataset versions a project has, in the order of its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.storage.history.store import Store

BUILT_BY = "build_dataset_version"


@dataclass(frozen=True)
class VersionRecord:
    """A dataset version, as the event that made it says."""

    dataset_id: str
    cycle_id: str
    """The cycle that made it; its `dataset_images` holds the rows."""
    sequence: int
    """The event's number: what was known then is the state up to it."""
    started_at: str | None
    """When that cycle began."""
    summary: dict[str, Any]
    """What `build_dataset_version` said of it."""


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained on a dataset version."""

    model_digest: str
    dataset_id: str
    cycle_id: str
    role: str | None
    """`champion`, `candidate`, or None: neither of them now."""


def dataset_versions(store: Store) -> list[VersionRecord]:
    """All versions in the order in which they were made; content that came back later is the version that it was."""
    found: dict[str, VersionRecord] = {}
    for cycle_id, stages in sorted(store.state().stages.items(), key=lambda one: one[1].get(BUILT_BY, 0)):
        event = store.event(cycle_id, BUILT_BY) if BUILT_BY in stages else None
        if event is None or not event.summary.get("is_changed") or event.summary["dataset_id"] in found:
            continue
        opened = store.event(cycle_id, "open_cycle")
        started_at = None if opened is None else opened.summary.get("started_at")
        dataset_id = str(event.summary["dataset_id"])
        found[dataset_id] = VersionRecord(dataset_id, cycle_id, event.sequence, started_at, event.summary)
    return list(found.values())


def find_version(versions: Sequence[VersionRecord], wanted: str) -> VersionRecord:
    """The version of this dataset_id, which may be shortened as long as one version fits.

    Raises:
        SettingsError: no version fits, or several; the message lists them.
    """
    fitting = [version for version in versions if wanted and version.dataset_id.startswith(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{one.dataset_id[:16]} of cycle {one.cycle_id}" for one in fitting or versions) or "none"
    found = "fits several of them" if fitting else "fits none of them"
    raise SettingsError(f"dataset version: wanted one of: {listed}; found {wanted!r}, which {found}")


def trained_models(store: Store) -> list[TrainedModel]:
    """All models that were exported, oldest first, each with the version that it was trained on."""
    state = store.state()
    roles = {one.model_digest: one.key for one in (state.candidate, state.champion) if one is not None}
    models = []
    for cycle_id, stages in sorted(store.state().stages.items(), key=lambda one: one[1].get("export_model", 0)):
        event = store.event(cycle_id, "export_model") if "export_model" in stages else None
        if event is not None and event.summary.get("model_digest") and event.summary.get("dataset_id"):
            digest = event.summary["model_digest"]
            models.append(TrainedModel(digest, event.summary["dataset_id"], cycle_id, roles.get(digest)))
    return models
