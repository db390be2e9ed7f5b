"""What lineages are walked through: rows and summaries as the store has them, gathered for what was asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.tables.table import Table

Answer = Mapping[str, Any]
"""One answer of a model: image_id, model_digest, class_name, probability; of the prediction server also when and by which route."""


@dataclass(frozen=True)
class VersionFacts:
    """A dataset version as its event tells it."""

    dataset_id: str
    cycle_id: str
    sequence: int
    """Its event's place in the ledger: what was recorded behind it is not in it."""
    summary: BuildDatasetVersionSummary
    is_newest: bool


@dataclass(frozen=True)
class ModelFacts:
    """A model; what stands behind `is_champion` is gathered only for the one that was asked about."""

    model_digest: str
    cycle_id: str
    """The first cycle that made it."""
    dataset_id: str
    is_champion: bool
    code_version: str = ""
    records: CycleRecords = field(default=CycleRecords())
    """Of its cycle's stages, from train_model to promote_model."""
    put_back_in: tuple[str, ...] = ()
    """Cycles in which a person made it the champion again."""
    recalls: Mapping[str, float] = field(default_factory=dict)
    """Class → recall on the test images."""


@dataclass(frozen=True)
class Facts:
    """Everything about the images, versions and models that a lineage may touch."""

    rows: Mapping[type[Table], pl.DataFrame]
    """Table → its rows about the images asked about, in ledger order, with `written_in` (a cycle_id) and `sequence`."""
    versions: Sequence[VersionFacts]
    models: Sequence[ModelFacts]
    questions: Mapping[str, str]
    """Digest of a label configuration → what it asked."""
    group_members: Mapping[str, Sequence[str]]
    """Duplicate group → its images, of the groups of the images asked about."""
    images_of: Mapping[str, pl.Series]
    """Dataset version → its images, of the versions asked about; `rows` speaks of them, too."""
    answers: Sequence[Answer] = ()
    """What the prediction server's log says of the images asked about, oldest first."""

    def of(self, table: type[Table], image_id: str, column: str = "image_id") -> list[dict[str, Any]]:
        """One image's rows of a table, in ledger order."""
        return self.rows[table].filter(pl.col(column) == image_id).to_dicts()

    def version_of_cycle(self, cycle_id: str | None) -> VersionFacts:
        """The version that a cycle built."""
        return next(version for version in self.versions if version.cycle_id == cycle_id)

    def models_of(self, dataset_id: str) -> list[ModelFacts]:
        """The models that were trained on a version."""
        return [model for model in self.models if model.dataset_id == dataset_id]
