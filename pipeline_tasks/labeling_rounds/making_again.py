"""Label Studio projects that people deleted there: made again, and filled from the tables and the annotation log."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import polars as pl

from pipeline_tasks.annotations.changes import PERSON
from pipeline_tasks.annotations.form_styles import with_styles
from pipeline_tasks.annotations.label_form import LabelForm, as_paragraphs, label_form
from pipeline_tasks.annotations.parsing import RecordedAnnotation, recorded_annotations
from pipeline_tasks.annotations.shown_predictions import MODEL_VERSION
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_rounds.assigning import names_of_people, person_tabs
from pipeline_tasks.labeling_rounds.comparing import number_of
from pipeline_tasks.labeling_rounds.mending import shown_content
from pipeline_tasks.labeling_rounds.sent_predictions import sent_predictions
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.imported_response import is_imported
from pipeline_tasks.records.project_state import LabelStudioMoves
from pipeline_tasks.storage.blobs.annotation_log import AnnotationLog
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask

logger = logging.getLogger(__name__)

_COLUMNS = ["round_id", "task_key", "image_id", "label_studio_project_id", "label_config_digest", "assigned_to"]


@dataclass(frozen=True)
class Standing:
    """The Label Studio project in which each round stands now."""

    places: Mapping[int, int]
    """Recorded Label Studio project id → the project that stands in its place."""
    counts: Mapping[int, int | None]
    """Id of each project that is or was looked for → its tasks; None if it was deleted."""
    made_again: Sequence[int] = ()
    """Recorded ids of the projects that were made again just now."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """Round → the address of its tab, of rounds whose project was made again just now."""


def standing_projects(store: Store, cycle: Cycle, label_studio: LabelStudio, files: AnnotatorFiles) -> Standing:
    """Find the project of every round; one that was deleted is made again if people work in it: it has this cycle's form.

    Each step may be done again: the project is found by its key, a task by its key, so an interruption does no harm.
    """
    rows = store.history(LabelingTask, _COLUMNS)
    form = label_form(kind_of(cycle.project), cycle.project.labeling.question)
    recorded = rows.select("label_studio_project_id", "label_config_digest").unique().sort("label_studio_project_id").rows()
    counts: dict[int, int | None] = {project_id: label_studio.count_tasks(project_id) for project_id, _ in recorded}
    moves = store.state().value(LabelStudioMoves)
    moved = {} if moves is None else dict(moves.places)
    gone = [project_id for project_id, digest in recorded if counts[project_id] is None and digest == form.digest]
    unfilled, urls = [], dict[str, str]()
    for project_id in gone:
        place = moved.get(project_id)
        if place is not None and place not in counts:
            counts[place] = label_studio.count_tasks(place)
        if place is None or counts[place] is None:
            unfilled.append(project_id)
    if unfilled:
        place = _make(cycle, label_studio, files, form)
        of_gone = rows.filter(pl.col("label_studio_project_id").is_in(unfilled))
        urls = _fill(store, cycle, label_studio, files, place, of_gone)
        moved |= dict.fromkeys(unfilled, place)
        counts[place] = label_studio.count_tasks(place)
    return Standing({project_id: moved[project_id] for project_id in gone}, counts, unfilled, urls)


def _make(cycle: Cycle, label_studio: LabelStudio, files: AnnotatorFiles, form: LabelForm) -> int:
    """Find or create the project."""
    place = label_studio.find_or_create_project(cycle.outside_name, form.xml, form.digest)
    if cycle.project.labeling.styles:
        label_studio.show_form(place, with_styles(form.xml, cycle.project.labeling.styles))
    label_studio.connect_local_files(place, files.folder)
    if cycle.project.labeling.guideline is not None:
        label_studio.show_guideline(place, as_paragraphs(cycle.project.labeling.guideline))
    return place


def _fill(
    store: Store, cycle: Cycle, label_studio: LabelStudio, files: AnnotatorFiles, place: int, rows: pl.DataFrame
) -> dict[str, str]:
    """Import the rounds' tasks that are not there, each with its standing annotations and the prediction that it was sent with.

    Returns the address of each round.
    """
    lost = store.history(LostTask, ["task_key"])["task_key"]
    known = store.known(Image, rows["image_id"].unique())
    rows = rows.filter(~pl.col("task_key").is_in(lost.implode()) & pl.col("image_id").is_in(list(known)))
    given, predicted = _annotations(store, set(rows["task_key"])), sent_predictions(store, kind_of(cycle.project), rows)
    people = names_of_people(cycle)
    urls: dict[str, str] = {}
    for round_id, of_round in groupby(rows.iter_rows(named=True), key=lambda row: str(row["round_id"])):
        tasks = [
            {"picture": files.standing_address(row["image_id"]), "round_id": round_id}
            | {"task_key": row["task_key"], "image_id": row["image_id"]}
            | ({PERSON: people.get(row["assigned_to"], "")} if people else {})
            for row in of_round
        ]
        label_studio.import_tasks(place, round_id, tasks, annotations=given, predictions=predicted)
        urls[round_id] = label_studio.round_url(place, label_studio.find_or_create_view(place, round_id))
    person_tabs(label_studio, place, sorted({people[one] for one in rows["assigned_to"].unique() if one in people}))
    if predicted:
        label_studio.show_predictions(place, MODEL_VERSION)
    logger.warning(
        "A project was deleted in Label Studio: it was made again with %d tasks, %d of them with their annotations: %s",
        *(rows.height, len(given), list(urls.values())[-1] if urls else ""),
    )
    return urls


def _annotations(store: Store, keys: set[str]) -> dict[str, list[JsonObject]]:
    """task_key → the standing annotations of its task, from the annotation log, as Label Studio imports them."""
    log, given = AnnotationLog(store.objects), dict[str, list[JsonObject]]()
    for row in _standing(store, keys):
        given.setdefault(row.task_key, []).append({"id": number_of(row)} | shown_content(log, row))
    return given


def _standing(store: Store, keys: set[str]) -> Iterator[RecordedAnnotation]:
    rows = recorded_annotations(store.current(Annotation)).values()
    theirs = (row for row in rows if not is_imported(row.annotation_id))
    return (row for row in theirs if row.task_key in keys and row.state != "deleted")
