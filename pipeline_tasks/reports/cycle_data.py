"""Inputs of a cycle's report: tables and records, None if a stage was not reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from pipeline_tasks.kinds.agreement import Agreement
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.model_agreement import ModelAgreement
from pipeline_tasks.kinds.reporting import ImageCard
from pipeline_tasks.label_quality.alpha import Alpha
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.disagreement import Disagreement
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.records.requirement import Requirement
from pipeline_tasks.records.stage_failure import StageFailure
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class LearningPoint:
    """Score of one cycle's candidate, and its number of labels."""

    cycle_id: str
    labels: int
    score: float
    low: float | None
    high: float | None
    is_promoted: bool


@dataclass(frozen=True)
class GainPoint:
    """Gain over the control arm up to one cycle."""

    cycle_id: str
    found: MeasureSelectionGainSummary


@dataclass(frozen=True)
class CycleData:
    """Data of one cycle. A table is None if its stage has not been done."""

    project: str
    description: str
    cycle_id: str
    cycle_kind: str
    started_at: datetime
    made_at: datetime
    code_version: str
    kind: Kind
    stages: tuple[str, ...]
    """All stages in the order of the process."""
    records: CycleRecords
    thumbnail: Callable[[str], bytes | None]
    """Image id → thumbnail as JPEG, None if there is none."""
    failure: StageFailure | None = None
    """The failure that the cycle stopped at."""
    time_zone: str = "UTC"
    """The project's zone, in which the report states all times."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Image id → source and key of the file in which it was last seen, `source:key`."""
    rejected: pl.DataFrame | None = None
    waiting: pl.DataFrame | None = None
    left_out: pl.DataFrame | None = None
    """First files and folders by reason that the sources left out."""
    missing: pl.DataFrame | None = None
    """Files of known images that this cycle's listing missed for the first time, or found again."""
    renamed: pl.DataFrame | None = None
    """Those of them whose image this cycle found under another name: source, key, `was`."""
    sightings: pl.DataFrame | None = None
    modalities: Mapping[str, str] = field(default_factory=dict)
    """Source → the modality that its settings state."""
    asked_changes: pl.DataFrame | None = None
    """Files of images with an open task that changed since the last night."""
    lost: pl.DataFrame | None = None
    """Labeling tasks that are gone from Label Studio since the last night."""
    foreign_tasks: pl.DataFrame | None = None
    """Tasks in Label Studio that were not sent: those that came, and those that went."""
    quality_issues: pl.DataFrame | None = None
    duplicate_groups: pl.DataFrame | None = None
    """Groups of all images; `duplicate_pairs` is the evidence of this cycle."""
    duplicate_pairs: pl.DataFrame | None = None
    selected: pl.DataFrame | None = None
    selection_scores: pl.DataFrame | None = None
    annotations: pl.DataFrame | None = None
    """Newest revisions of the annotations in this cycle's round."""
    agreement: Agreement | None = None
    """Agreement of these annotations, by the kind's own measure."""
    model_agreement: ModelAgreement | None = None
    """Agreement of these annotations with the champion's predictions."""
    alphas: tuple[tuple[str, Alpha], ...] = field(default=())
    """Krippendorff's alpha of these annotations, then of each name against all others; empty for kinds of several objects."""
    annotator_scores: pl.DataFrame | None = None
    """Scorecards of people over all nights."""
    label_suspects: pl.DataFrame | None = None
    """Labels that are probably wrong, the most doubted first."""
    suspect_cards: tuple[ImageCard, ...] = field(default=())
    """The same of kinds with several objects, drawn over their images."""
    label_verdicts: pl.DataFrame | None = None
    """Verdicts on doubted labels that came or changed in this cycle."""
    task_links: Mapping[str, str] = field(default_factory=dict)
    """Image id → address of its newest labeling task in Label Studio, for the suspects."""
    disagreements: tuple[Disagreement, ...] = field(default=())
    """Images of this round whose annotations differ."""
    dataset_images: pl.DataFrame | None = None
    """Manifest of the newest dataset version at this cycle."""
    metrics: pl.DataFrame | None = None
    predictions: pl.DataFrame | None = None
    details: Mapping[type[Table], pl.DataFrame] = field(default_factory=dict)
    """Further evaluation tables of the label kind."""
    requirements: tuple[Requirement, ...] = field(default=())
    """Requirements of the project, compared with all its images."""
    learning: tuple[LearningPoint, ...] = field(default=())
    gains: tuple[GainPoint, ...] = field(default=())
