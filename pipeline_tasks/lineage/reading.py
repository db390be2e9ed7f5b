"""Reads of `explain` from a project's root."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import polars as pl

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.kinds.registry import FIRST_KIND, kind_of, kind_of_version
from pipeline_tasks.kinds.scoring import figures_by_name
from pipeline_tasks.lineage.lineage_data import LineageData, RecordedModel, RecordedVersion
from pipeline_tasks.lineage.of_images import ABOUT_IMAGES
from pipeline_tasks.lineage.of_models import ABOUT_VERSIONS
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.history.cycle_records import read_cycle_records
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.rows_about import rows_about
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.events import Event
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.metric import Metric
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Table

STAGES_OF_A_MODEL = ("train_model", "export_model", "evaluate_model", "compare_with_champion", "promote_model")


class LineageReads:
    """One project's root, for lineages; keeps the lists of versions and models once read."""

    def __init__(self, store: Store) -> None:
        """Read from this store."""
        self.store = store

    @cached_property
    def versions(self) -> Sequence[RecordedVersion]:
        """All dataset versions, in the order of the ledger, without cycles that only used a restored one."""
        newest = self.store.state().dataset
        found = []
        for event in self._events("build_dataset_version"):
            built = event.read(BuildDatasetVersionSummary)
            if built.is_changed and built.dataset_id is not None:
                is_newest = newest is not None and event.cycle_id == newest.cycle_id
                found.append(RecordedVersion(built.dataset_id, event.cycle_id, event.sequence, built, is_newest))
        return found

    @cached_property
    def kind(self) -> Kind:
        """Label kind of the project, as the newest cycle knows it."""
        newest = next(reversed(self.store.state().stages), None)
        return kind_of_version(FIRST_KIND, ()) if newest is None else kind_of(read_cycle(self.store, newest).project)

    @cached_property
    def time_zone(self) -> str:
        """Time zone of the project, as the newest cycle knows it."""
        newest = next(reversed(self.store.state().stages), None)
        return "UTC" if newest is None else read_cycle(self.store, newest).project.time_zone

    @cached_property
    def models(self) -> Sequence[RecordedModel]:
        """All exported models, each in the first cycle that made it."""
        champion = self.store.state().champion
        found: dict[str, RecordedModel] = {}
        for event in self._events("export_model"):
            exported = event.read(ExportModelSummary)
            digest = exported.model_digest
            if digest is not None and exported.dataset_id is not None:
                is_champion = champion is not None and digest == champion.model_digest
                found.setdefault(digest, RecordedModel(digest, event.cycle_id, exported.dataset_id, is_champion))
        return list(found.values())

    def version(self, dataset_id: str) -> RecordedVersion:
        """The newest version with this name; a project that returned to earlier labels has built it twice."""
        return next(version for version in reversed(self.versions) if version.dataset_id == dataset_id)

    def model(self, model_digest: str) -> RecordedModel | None:
        """A model with its cycle's data; None if this project has no model with this digest."""
        model = next((one for one in self.models if one.model_digest == model_digest), None)
        if model is None:
            return None
        rolled = {event.cycle_id: event.read(RollBackSummary) for event in self._events("roll_back")}
        done = {cycle_id: one for cycle_id, one in rolled.items() if not one.skipped}
        cycle = read_cycle(self.store, model.cycle_id)
        names = kind_of(cycle.project).scoring.names
        has_metrics = self.store.has(Metric, model.cycle_id)
        return replace(
            model,
            code_version=cycle.code_version,
            score_names=names,
            figures_by_name=figures_by_name(self.store.read(Metric, model.cycle_id), names, model_digest) if has_metrics else {},
            records=read_cycle_records(self.store, model.cycle_id, STAGES_OF_A_MODEL),
            put_back_in=tuple(cycle_id for cycle_id, one in done.items() if one.model_digest == model_digest),
            replaced_in={cycle_id: one.model_digest for cycle_id, one in done.items() if one.previous_digest == model_digest},
        )

    def version_of_model(self, model: RecordedModel) -> RecordedVersion:
        """The version that a model was trained on."""
        cycle_id = model.records.get(TrainModelSummary).dataset_cycle_id
        return next(version for version in self.versions if version.cycle_id == cycle_id)

    def about_image(self, image_id: str, predictions: Sequence[LoggedPrediction]) -> LineageData:
        """Data about one image."""
        tables = (*ABOUT_IMAGES, self.kind.scoring.prediction_table)
        rows: dict[type[Table], pl.DataFrame] = {table: rows_about(self.store, table, [image_id]) for table in tables}
        annotations, groups = rows[Annotation]["annotation_id"], rows[DuplicateGroup]["duplicate_group_id"].unique()
        rows[AnnotationObject] = rows_about(self.store, AnnotationObject, annotations.unique(), "annotation_id")
        rows[Split] = rows_about(self.store, Split, rows[SplitGroup]["split_group_id"].unique(), "split_group_id")
        current = self.store.current(DuplicateGroup)
        members = {group: current.filter(pl.col("duplicate_group_id") == group)["image_id"].to_list() for group in groups}
        questions, zone = self._questions(rows[Label]), self.time_zone
        return LineageData(self.kind, rows, self.versions, self.models, questions, members, {}, zone, predictions)

    def about_version(self, version: RecordedVersion) -> LineageData:
        """Data about all images of a version."""
        images = self.store.read(DatasetImage, version.cycle_id)["image_id"]
        rows: dict[type[Table], pl.DataFrame] = {table: rows_about(self.store, table, set(images)) for table in ABOUT_VERSIONS}
        questions, images_of = self._questions(rows[Label]), {version.dataset_id: images}
        return LineageData(self.kind, rows, self.versions, self.models, questions, {}, images_of, self.time_zone)

    def _events(self, stage: str) -> Iterator[Event]:
        """Events of a stage, of all cycles."""
        found = (self.store.event(cycle_id, stage) for cycle_id in self.store.state().stages)
        yield from sorted((event for event in found if event is not None), key=lambda event: event.sequence)

    def _questions(self, labels: pl.DataFrame) -> dict[str, str]:
        """Digest of a label configuration → its question, from the cycle that first used it."""
        found: dict[str, str] = {}
        for digest, cycle_id in (
            labels.unique("label_config_digest", keep="first").select("label_config_digest", "written_in").iter_rows()
        ):
            project = read_cycle(self.store, cycle_id).project
            form = label_form(kind_of(project), project.labeling.question)
            if form.digest == digest:
                found[digest] = f"{form.question} ({', '.join(kind_of(project).vocabulary)})"
        return found
