"""Inputs of a lineage: rows and summaries from the store about the requested things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.kinds.scoring import ScoreNames
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class RecordedVersion:
    """A dataset version, from its event."""

    dataset_id: str
    cycle_id: str
    sequence: int
    """Sequence number of its event; later records are not in it."""
    summary: BuildDatasetVersionSummary
    is_newest: bool


@dataclass(frozen=True)
class RecordedModel:
    """A model; fields after `is_champion` are filled only for the requested model."""

    model_digest: str
    cycle_id: str
    """The first cycle that made it."""
    dataset_id: str
    is_champion: bool
    code_version: str = ""
    records: CycleRecords = field(default=CycleRecords())
    """Summaries of its cycle's stages, from train_model to promote_model."""
    put_back_in: tuple[str, ...] = ()
    """Cycles in which a person restored it as the champion."""
    replaced_in: Mapping[str, str] = field(default_factory=dict)
    """Cycle in which a person rolled it back → the earlier champion that was restored instead."""
    score_names: ScoreNames | None = None
    """Names of its kind's figures."""
    figures_by_name: Mapping[str, float] = field(default_factory=dict)
    """Name of the vocabulary → its figure on the test images."""


@dataclass(frozen=True)
class LineageData:
    """Data about the images, versions and models of a lineage."""

    kind: Kind
    """The project's label kind."""
    rows: Mapping[type[Table], pl.DataFrame]
    """Table → its rows about the requested images, in ledger order, with `written_in` (a cycle_id) and `sequence`."""
    versions: Sequence[RecordedVersion]
    models: Sequence[RecordedModel]
    questions: Mapping[str, str]
    """Digest of a label configuration → its question."""
    group_members: Mapping[str, Sequence[str]]
    """Duplicate group → its images, for the groups of the requested images."""
    images_of: Mapping[str, pl.Series]
    """Dataset version → its images, for the requested versions; `rows` includes these images, too."""
    time_zone: str
    """The project's, in which sentences state times."""
    predictions: Sequence[LoggedPrediction] = ()
    """Entries of the prediction server's log about the requested images, oldest first."""

    def of(self, table: type[Table], image_id: str, column: str = "image_id") -> pl.DataFrame:
        """One image's rows of a table, in ledger order."""
        return self.rows[table].filter(pl.col(column) == image_id)

    def version_of_cycle(self, cycle_id: str | None) -> RecordedVersion:
        """Version that a cycle built."""
        return next(version for version in self.versions if version.cycle_id == cycle_id)

    def models_of(self, dataset_id: str) -> list[RecordedModel]:
        """Models trained on a version."""
        return [model for model in self.models if model.dataset_id == dataset_id]
