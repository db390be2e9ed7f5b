"""Write the cycle's report: one HTML file with images. Runs even if a stage failed, and says what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache, partial

import polars as pl

from pipeline_tasks.annotations.model_agreement import SaidOfRound, model_agreement
from pipeline_tasks.annotations.votes import Votes, is_unanimous, least_alike, objects_by, read_votes
from pipeline_tasks.annotations.weighing import named_votes
from pipeline_tasks.datasets.requirements import compared
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.model_agreement import ModelAgreement
from pipeline_tasks.kinds.refused import says_of
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.label_quality.beyond_chance import BeyondChance, beyond_chance
from pipeline_tasks.plots.drawing import as_svg
from pipeline_tasks.plots.of_cycle import plots_of_cycle
from pipeline_tasks.plots.over_nights import gain_points, learning_points
from pipeline_tasks.process import NIGHTLY
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.disagreement import Disagreement, ShownAnnotation
from pipeline_tasks.records.drawn_plot import DrawnPlot
from pipeline_tasks.records.requirement import Requirement
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.records.view_preview import ViewPreview
from pipeline_tasks.records.write_cycle_report import WriteCycleReportSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.image_cards import shown_images
from pipeline_tasks.reports.page import render
from pipeline_tasks.second_looks.suspect_cards import suspect_cards
from pipeline_tasks.slice_search.matching import counted_slices, standing_requests
from pipeline_tasks.sources.changed_files import renamed_files
from pipeline_tasks.storage.blobs.report_files import PAGE, SUMMARY, write_report_file
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.history.counted_images import counted_images, shown_names
from pipeline_tasks.storage.history.cycle_records import read_cycle_records
from pipeline_tasks.storage.history.reminders import told_reminders
from pipeline_tasks.storage.history.round_clock import round_clock
from pipeline_tasks.storage.history.sign_off_requests import standing_request
from pipeline_tasks.storage.history.stage_failures import standing_failure
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.history.task_links import task_links
from pipeline_tasks.storage.versions.version_rows import version_rows
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import AnnotationObject, PreAnnotatedObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import Table
from pipeline_tasks.training_data.view_previews import view_previews

STAGE = "write_cycle_report"
STAGES = tuple(stage.name for stage in NIGHTLY if stage.ends_in_event)
"""Stages of a night that leave a summary, in the order of the process."""


def write_cycle_report(store: Store, cycle: Cycle, now: datetime, failed_stages: tuple[str, ...] = ()) -> WriteCycleReportSummary:
    """Render the cycle's report from its tables so far. It is derived: a later call replaces it, and no event names it.

    `failed_stages` are those whose tasks failed as far as the caller knows; a stage that could, left the cause in the root.

    Raises:
        ChangedMeanwhileError: another try wrote it at the same moment.
    """
    data = _data(store, cycle, now)
    data = replace(data, suspect_cards=suspect_cards(store, data.kind, data.rows(ObjectSuspect)))
    every_stage = [stage.name for stage in NIGHTLY]
    failure = standing_failure(store.objects, cycle.cycle_id, every_stage, data.records, failed_stages)
    lost = data.rows(LostTask)
    named = shown_images(data) | set([] if lost is None else lost["image_id"])
    data = replace(data, files=_files(store, named), task_links=_task_links(store, data.rows(LabelSuspect)), failure=failure)
    data = _with_waiting(store, cycle, replace(data, model_agreement=_model_agreement(store, cycle, data.annotations)))
    previews, request = _view_previews(cycle, data), standing_request(store.objects, cycle.cycle_id)
    drawn = tuple(
        DrawnPlot(one.name, as_svg(one), one.note) for one in plots_of_cycle(store, cycle.cycle_id, data.kind, in_report=True)
    )
    data = replace(data, view_previews=previews, sign_off_request=request, plots=drawn)
    page = render(data)
    content = page.html.encode()
    summary = WriteCycleReportSummary(
        report_key=write_report_file(store.objects, cycle.cycle_id, PAGE, content),
        sections=list(page.sections),
        missing=page.missing,
        stages_done=[stage for stage in STAGES if data.records.has(stage)],
        size_bytes=len(content),
        failed_in=None if failure is None else failure.stage,
    )
    write_report_file(store.objects, cycle.cycle_id, SUMMARY, json.dumps(asdict(summary), indent=1).encode())
    return summary


def _view_previews(cycle: Cycle, data: CycleData) -> tuple[ViewPreview, ...]:
    """Views of a few training images; none if the cycle has trained nothing."""
    trained = data.records.find(TrainModelSummary)
    if trained is None or trained.skipped or data.dataset_images is None:
        return ()
    return view_previews(cycle.project, data.kind, data.dataset_images.filter(split="train"), data.thumbnail)


def _with_waiting(store: Store, cycle: Cycle, data: CycleData) -> CycleData:
    """The data with the reminders of the round and the pauses since it was sent."""
    sent, told = data.records.find(SendToLabelingSummary), told_reminders(store.objects, cycle.cycle_id)
    if sent is None or not sent.tasks:
        return data
    clock = round_clock(store, sent, cycle.project.labeling.deadline_s, data.made_at)
    return replace(data, reminders=tuple(told), paused_s=clock.paused_s)


def _data(store: Store, cycle: Cycle, now: datetime) -> CycleData:
    """All available data of the cycle."""
    records, kind = read_cycle_records(store, cycle.cycle_id, STAGES), kind_of(cycle.project)
    annotations = _annotations(store, records) if records.has("collect_annotations") else None
    votes = None if annotations is None else read_votes(annotations, _objects(store, annotations), kind.labeling)
    rows = cache(partial(_rows_of, store, cycle.cycle_id))
    return CycleData(
        project=cycle.project.project,
        description=cycle.project.description,
        cycle_id=cycle.cycle_id,
        cycle_kind=cycle.cycle_kind,
        started_at=cycle.started_at,
        made_at=now,
        code_version=cycle.code_version,
        kind=kind,
        stages=STAGES,
        records=records,
        time_zone=cycle.project.time_zone,
        modalities={source.name: source.modality for source in cycle.project.sources},
        rows=rows,
        thumbnail=lambda image_id: _thumbnail(store, image_id),
        renamed=_renamed(rows),
        duplicate_groups=store.current(DuplicateGroup) if records.has("find_duplicates") else None,
        annotations=annotations,
        agreement=None if votes is None else kind.labeling.agreement(votes.by_image),
        beyond_chance=None if votes is None else _beyond_chance(votes, kind),
        disagreements=() if votes is None or annotations is None else _disagreements(store, cycle, annotations, votes),
        dataset_images=_newest_version(store, records),
        requirements=_requirements(store, cycle),
        learning=tuple(learning_points(store, cycle.cycle_id)),
        gains=tuple(gain_points(store, cycle.cycle_id)),
    )


def _rows_of(store: Store, cycle_id: str, table: type[Table]) -> pl.DataFrame | None:
    """Rows that a cycle wrote; None if it did not write the table."""
    return store.read(table, cycle_id) if store.has(table, cycle_id) else None


def _renamed(rows: Callable[[type[Table]], pl.DataFrame | None]) -> pl.DataFrame | None:
    """Missing files whose image this cycle found under another name."""
    missing, seen = rows(MissingFile), rows(Sighting)
    return None if missing is None or seen is None else renamed_files(seen, missing)


def _beyond_chance(votes: Votes, kind: Kind) -> BeyondChance | None:
    """Agreement of the round's votes; nothing for kinds whose annotations may have several objects."""
    named = None if kind.freezing.keeps_objects else named_votes(votes, kind.labeling)
    return None if named is None else beyond_chance(named.arrays, named.annotator_ids, named.names)


def _newest_version(store: Store, records: CycleRecords) -> pl.DataFrame | None:
    """Manifest of the newest dataset version at this cycle."""
    built = records.find(BuildDatasetVersionSummary)
    dataset_cycle = None if built is None else built.dataset_cycle_id
    return version_rows(store, dataset_cycle, has_sizes=True) if dataset_cycle else None


def _requirements(store: Store, cycle: Cycle) -> tuple[Requirement, ...]:
    """Images that the project wants and has, at the time of the report; requests for found slices last."""
    settings, requested = cycle.project.requirements, counted_slices(store, standing_requests(store))
    if settings is None:
        return requested
    return compared(settings, counted_images(store), shown_names(store, kind_of(cycle.project).changes)) + requested


def _files(store: Store, image_ids: Collection[str]) -> dict[str, str]:
    """image_id → source and key of the file in which it was last seen."""
    rows = store.rows_of(Sighting, image_ids, columns=["image_id", "source", "key"])
    return {image_id: f"{source}:{key}" for image_id, source, key in rows.select("image_id", "source", "key").iter_rows()}


def _thumbnail(store: Store, image_id: str) -> bytes | None:
    """Read a thumbnail; None if it is missing, because it is only a cache."""
    try:
        return read_thumbnail(store.objects, image_id)
    except NotFoundError:
        return None


def _annotations(store: Store, records: CycleRecords) -> pl.DataFrame:
    """Newest annotations of this cycle's round."""
    sent = records.find(SendToLabelingSummary)
    round_id = "" if sent is None else sent.round_id
    return store.current(Annotation).filter((pl.col("round_id") == round_id) & (pl.col("state").cast(pl.String) != "deleted"))


def _objects(store: Store, annotations: pl.DataFrame) -> pl.DataFrame:
    """Objects of these annotations."""
    return store.rows_of(AnnotationObject, annotations["annotation_id"], "annotation_id")


def _model_agreement(store: Store, cycle: Cycle, annotations: pl.DataFrame | None) -> ModelAgreement | None:
    """Annotations of this round against the champion's predictions; None without either."""
    if annotations is None or not store.has(PreAnnotation, cycle.cycle_id):
        return None
    if (rows := store.read(PreAnnotation, cycle.cycle_id)).is_empty():
        return None
    kind, objects = kind_of(cycle.project), store.read(PreAnnotatedObject, cycle.cycle_id)
    labeling, sizes = kind.labeling, store.rows_of(Image, rows["image_id"], columns=["image_id", "width_px", "height_px"])
    said = SaidOfRound(
        arms=dict(rows.select("image_id", pl.col("arm").cast(pl.String)).iter_rows()),
        predicted={one: told for (one,), told in objects_by(objects.sort("object_index"), ("image_id",), labeling).items()},
        annotations=annotations,
        objects=objects_by(_objects(store, annotations).sort("object_index"), ("annotation_id", "revision"), labeling),
        sizes={one: (width, height) for one, width, height in sizes.select("image_id", "width_px", "height_px").iter_rows()},
    )
    return model_agreement(said, labeling, cycle.project.gates.confidence, derive_seed(cycle.seed, STAGE))


def _disagreements(store: Store, cycle: Cycle, annotations: pl.DataFrame, votes: Votes) -> tuple[Disagreement, ...]:
    """Images of this round whose answers disagree, the least alike first, each answer with the address of its task."""
    labeling, links = kind_of(cycle.project).labeling, task_links(store)
    contradicted = {image_id for image_id, _ in votes.contradictions}
    differing = contradicted | {
        image_id for image_id, said in votes.by_image.items() if len(said) > 1 and not is_unanimous(list(said.values()), labeling)
    }
    rows = annotations.filter(pl.col("image_id").is_in(list(differing)), pl.col("state").cast(pl.String) == "answered")
    said = objects_by(_objects(store, rows).sort("annotation_id", "object_index"), ("annotation_id", "revision"), labeling)
    columns = ["task_key", "label_studio_task_id"]
    task_ids = dict(store.rows_of(LabelingTask, rows["task_key"], "task_key", columns=columns).iter_rows())
    shown: dict[str, list[ShownAnnotation]] = {}
    for one in rows.sort("image_id", "annotator_id", "updated_at").iter_rows(named=True):
        task_id, named = task_ids.get(one["task_key"]), said.get((one["annotation_id"], one["revision"]), ())
        url, words = links.of(one["round_id"], task_id), says_of(named, labeling)
        shown.setdefault(one["image_id"], []).append(ShownAnnotation(one["annotator_id"], words, one["is_starred"], url))
    likeness = {image_id: least_alike(list(votes.by_image.get(image_id, {}).values()), labeling) for image_id in shown}
    found = [Disagreement(image_id, tuple(given)) for image_id, given in shown.items()]
    return tuple(sorted(found, key=lambda one: (likeness[one.image_id], one.image_id)))


def _task_links(store: Store, suspects: pl.DataFrame | None) -> dict[str, str]:
    """image_id → address of its newest labeling task; nothing of an image that people were not asked about."""
    if suspects is None or suspects.is_empty():
        return {}
    links, columns = task_links(store), ["image_id", "round_id", "label_studio_task_id"]
    tasks = store.rows_of(LabelingTask, suspects["image_id"], columns=columns).select(columns)
    found = {image_id: links.of(round_id, task_id) for image_id, round_id, task_id in tasks.iter_rows()}
    return {image_id: url for image_id, url in found.items() if url is not None}
