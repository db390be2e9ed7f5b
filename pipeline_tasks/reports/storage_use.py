"""Inputs of the storage report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
from pipeline_tasks.records.plan_collection import PlanCollectionSummary


@dataclass(frozen=True)
class KindUse:
    """Number and size of objects of one kind."""

    kind: str
    objects: int
    size_bytes: int
    unneeded_objects: int
    unneeded_bytes: int


@dataclass(frozen=True)
class IntermediateOutput:
    """A set of objects that Nightlens makes again when needed."""

    kind: str
    made_by: str
    """Stage, and cycle or recipe."""
    objects: int
    size_bytes: int
    goes: str
    """End of its retention."""


@dataclass(frozen=True)
class VersionCost:
    """Objects that a dataset version keeps in the root."""

    dataset_id: str
    cycle_id: str
    images: int
    originals_bytes: int
    """Size of all its images; other versions share most of them."""
    own_bytes: int
    """Size of images that no other version shown here has."""
    manifest_bytes: int
    """Size of the leaves that this version wrote; shared leaves cost nothing again."""


@dataclass(frozen=True)
class StorageUse:
    """One project's root at one time."""

    project: str
    cycle_id: str
    planned_at: datetime
    code_version: str
    plan: PlanCollectionSummary
    collection: CollectGarbageSummary | None
    """None if it was not run."""
    kinds: tuple[KindUse, ...]
    trash_objects: int
    trash_bytes: int
    outputs: tuple[IntermediateOutput, ...]
    versions: tuple[VersionCost, ...]
    versions_left_out: int
    unneeded: pl.DataFrame
    """Rows of `unneeded_objects`."""
    price_per_gb_month: float | None
    currency: str
    time_zone: str = "UTC"
    """The project's zone, in which the report states all times."""
