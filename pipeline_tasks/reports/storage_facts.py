"""What a report on a project's root is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
from pipeline_tasks.records.plan_collection import PlanCollectionSummary


@dataclass(frozen=True)
class KindUse:
    """How much lies in the root of one kind of object."""

    kind: str
    objects: int
    size_bytes: int
    unneeded_objects: int
    unneeded_bytes: int


@dataclass(frozen=True)
class IntermediateOutput:
    """A heap of objects that Nightlens makes again at need."""

    kind: str
    made_by: str
    """Stage, and cycle or recipe."""
    objects: int
    size_bytes: int
    goes: str
    """Until when it is kept."""


@dataclass(frozen=True)
class VersionCost:
    """What a dataset version keeps in the root."""

    dataset_id: str
    cycle_id: str
    images: int
    originals_bytes: int
    """Of all its images; other versions share most of them."""
    own_bytes: int
    """Of images that no other version shown here has."""
    manifest_bytes: int
    """Of the leaves that this version wrote: those it shares with the one before cost nothing again."""


@dataclass(frozen=True)
class StorageFacts:
    """One project's root at one time."""

    project: str
    cycle_id: str
    planned_at: datetime
    code_version: str
    plan: PlanCollectionSummary
    collection: CollectGarbageSummary | None
    """None if it has not been done."""
    kinds: tuple[KindUse, ...]
    trash_objects: int
    trash_bytes: int
    outputs: tuple[IntermediateOutput, ...]
    versions: tuple[VersionCost, ...]
    versions_left_out: int
    unneeded: pl.DataFrame
    """The rows of `unneeded_objects`."""
    price_per_gb_month: float | None
    currency: str
