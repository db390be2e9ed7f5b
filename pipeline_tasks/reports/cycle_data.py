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
from pipeline_tasks.label_quality.beyond_chance import BeyondChance
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.disagreement import Disagreement
from pipeline_tasks.records.drawn_plot import DrawnPlot
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.records.reminder import Reminder
from pipeline_tasks.records.requirement import Requirement
from pipeline_tasks.records.sign_off import SignOffRequest
from pipeline_tasks.records.stage_failure import StageFailure
from pipeline_tasks.records.view_preview import ViewPreview
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


def no_rows(table: type[Table]) -> pl.DataFrame | None:
    """Tables of a cycle that has done nothing."""


@dataclass(frozen=True)
class CycleData:
    """Data of one cycle: its tables by `rows`, and what was put together from tables of all nights."""

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
    rows: Callable[[type[Table]], pl.DataFrame | None] = no_rows
    """Table → the rows that this cycle wrote to it; None if its stage has not been done."""
    failure: StageFailure | None = None
    """The failure that the cycle stopped at."""
    time_zone: str = "UTC"
    """The project's zone, in which the report states all times."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Image id → source and key of the file in which it was last seen, `source:key`."""
    renamed: pl.DataFrame | None = None
    """Missing files whose image this cycle found under another name: source, key, `was`."""
    modalities: Mapping[str, str] = field(default_factory=dict)
    """Source → the modality that its settings state."""
    reminders: tuple[Reminder, ...] = field(default=())
    """Reminders of this cycle's round that people were told."""
    paused_s: float = 0.0
    """Seconds of pauses of labeling since the round was sent."""
    sign_off_request: SignOffRequest | None = None
    """The request for a sign-off, once a person was asked."""
    duplicate_groups: pl.DataFrame | None = None
    """Groups of all images; the cycle's duplicate pairs are the evidence."""
    annotations: pl.DataFrame | None = None
    """Newest revisions of the annotations in this cycle's round."""
    agreement: Agreement | None = None
    """Agreement of these annotations, by the kind's own measure."""
    model_agreement: ModelAgreement | None = None
    """Agreement of these annotations with the champion's predictions."""
    beyond_chance: BeyondChance | None = None
    """Their agreement beyond chance; None for kinds of several objects."""
    suspect_cards: tuple[ImageCard, ...] = field(default=())
    """Doubted objects, drawn over their images."""
    view_previews: tuple[ViewPreview, ...] = field(default=())
    """Augmented views of a few training images."""
    plots: tuple[DrawnPlot, ...] = field(default=())
    """Plots of the candidate."""
    task_links: Mapping[str, str] = field(default_factory=dict)
    """Image id → address of its newest labeling task in Label Studio, for the suspects."""
    disagreements: tuple[Disagreement, ...] = field(default=())
    """Images of this round whose annotations differ."""
    dataset_images: pl.DataFrame | None = None
    """Manifest of the newest dataset version at this cycle."""
    requirements: tuple[Requirement, ...] = field(default=())
    """Requirements of the project, compared with all its images."""
    learning: tuple[LearningPoint, ...] = field(default=())
    gains: tuple[GainPoint, ...] = field(default=())
