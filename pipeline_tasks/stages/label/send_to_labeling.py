"""Send the cycle's selected images to Label Studio as a labeling round."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import polars as pl

from pipeline_tasks.annotations.changes import PERSON
from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.form_styles import with_styles
from pipeline_tasks.annotations.label_form import LabelForm, as_paragraphs, label_form
from pipeline_tasks.annotations.shown_predictions import MODEL_VERSION
from pipeline_tasks.annotations.task_keys import PlannedTask, plan_tasks
from pipeline_tasks.blurring.blur import Blur
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.decoding.jpeg import encode_jpeg
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_rounds.assigning import Assigned, assign, with_people
from pipeline_tasks.records.cycle import Cycle, derive_seed, local_time, utc
from pipeline_tasks.records.project_state import LabelingPauses
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.second_looks.new_people import tonights_overlap
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import PreAnnotatedObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.table import Rows, check, empty
from pipeline_tasks.training_data.pre_annotations import PreAnnotations, pre_annotations

STAGE = "send_to_labeling"

logger = logging.getLogger(__name__)


def send_to_labeling(
    store: Store,
    cycle: Cycle,
    label_studio: LabelStudio,
    annotator_files: AnnotatorFiles,
    decoder: Decoder,
    now: datetime,
    *,
    blur: Blur | None = None,
) -> SendToLabelingSummary:
    """Push the round exactly once, even if the stage runs again.

    Raises:
        MissingStageError: select_images of this cycle has not been done.
        ServiceUnavailableError: Label Studio does not respond, or does not list all tasks yet.
    """
    standing = store.finished(cycle.cycle_id, STAGE, SendToLabelingSummary)
    if standing is not None:
        return standing
    labeling, round_id = cycle.project.labeling, cycle.round_id
    form = label_form(kind_of(cycle.project), labeling.question)
    planned, why_overlap = _plan(store, cycle, round_id, form)
    summary = SendToLabelingSummary(
        round_id,
        form.digest,
        images=len({task.image_id for task in planned}),
        tasks=len(planned),
        deadline_at=(now + timedelta(seconds=labeling.deadline_s)).isoformat(),
        second_looks=sum(task.purpose != "first" and task.copy_number == 0 for task in planned),
        why_overlap=why_overlap,
    )
    pauses = store.state().value(LabelingPauses)
    if planned and pauses is not None and pauses.paused_at is not None:
        planned, summary = [], _held(summary, pauses.paused_at, cycle)
    if not planned:
        summary = replace(summary, why=summary.why or "No images were selected, so there is no round.")
        return store.finish(cycle.cycle_id, STAGE, summary, _writes(empty(LabelingTask), PreAnnotations()))
    predicted = pre_annotations(store, cycle, decoder, round_id, planned)
    _copy_for_people(store, [task.image_id for task in planned if task.copy_number == 0], annotator_files, decoder, blur)
    project_id = label_studio.find_or_create_project(
        cycle.outside_name, form.xml, form.digest, holds=_earlier_round(store, form.digest)
    )
    differences = form_differences(form.xml, label_studio.label_config(project_id))
    for one in differences:
        logger.warning("%s", one)
    if labeling.styles and not differences:
        label_studio.show_form(project_id, with_styles(label_studio.label_config(project_id), labeling.styles))
    label_studio.connect_local_files(project_id, annotator_files.folder)
    if labeling.guideline is not None:
        label_studio.show_guideline(project_id, as_paragraphs(labeling.guideline))
    assigned = assign(store, cycle, planned, predicted.objects)
    rows = _push(project_id, round_id, form, planned, predicted.shown, label_studio, annotator_files, assigned)
    view_id = label_studio.find_or_create_view(project_id, round_id, tab_title(cycle.cycle_id, cycle.outside_name))
    url = label_studio.round_url(project_id, view_id)
    sent = replace(summary, label_studio_project_id=project_id, label_studio_view_id=view_id, url=url)
    sent = with_people(sent, assigned, label_studio, project_id)
    summary = _with_pre_annotations(replace(sent, form_differences=differences), predicted)
    return store.finish(cycle.cycle_id, STAGE, summary, _writes(rows, predicted))


def _held(summary: SendToLabelingSummary, paused_at: str, cycle: Cycle) -> SendToLabelingSummary:
    """The summary of a round that a pause holds back."""
    why = (
        f"Labeling is paused since {local_time(utc(paused_at), cycle.project.time_zone)}: nothing was sent. The {summary.images} "
        "images can be selected again; `python -m pipeline_tasks resume_labeling` ends the pause."
    )
    logger.warning("%s", why)
    return replace(summary, images=0, tasks=0, second_looks=0, is_held=True, why=why)


def _writes(tasks: Rows[LabelingTask], predicted: PreAnnotations) -> list[Write]:
    return [(LabelingTask, tasks), (PreAnnotation, predicted.rows), (PreAnnotatedObject, predicted.objects)]


def _with_pre_annotations(summary: SendToLabelingSummary, predicted: PreAnnotations) -> SendToLabelingSummary:
    """The summary with the number of predictions by who sees them, or why there are none."""
    arms = dict(sorted(predicted.rows["arm"].cast(pl.String).value_counts().iter_rows()))
    return replace(summary, pre_annotated=arms, pre_annotated_by=predicted.model_digest, why_no_pre_annotations=predicted.why)


def tab_title(cycle_id: str, outside_name: str) -> str:
    """Title of the round's tab, which Label Studio cuts after about 15 characters: day or day and time first, then the project."""
    day, _, time = cycle_id.partition("T")
    clock = ":".join(time[at : at + 2] for at in range(0, len(time), 2))
    # The year is left out before a time, or the seconds, by which runs of one day differ, would be cut.
    return f"{day.partition('-')[2]} {clock} {outside_name}" if clock else f"{day} {outside_name}"


def _earlier_round(store: Store, label_config_digest: str) -> tuple[int, str] | None:
    """Label Studio project and round of the newest push with this form."""
    for cycle_id in reversed(store.state().stages):
        sent = store.find_summary(cycle_id, SendToLabelingSummary)
        if sent is not None and sent.label_studio_project_id is not None:
            return (sent.label_studio_project_id, sent.round_id) if sent.label_config_digest == label_config_digest else None
    return None


def _plan(store: Store, cycle: Cycle, round_id: str, form: LabelForm) -> tuple[list[PlannedTask], str]:
    """The round's labeling tasks, images in order of selection, second looks among them; and a sentence on a raised overlap."""
    # Selections of earlier releases have no second looks.
    looks = store.read(SecondLook, cycle.cycle_id) if store.has(SecondLook, cycle.cycle_id) else empty(SecondLook)
    picked = store.read(SelectedImage, cycle.cycle_id).sort("rank")["image_id"].to_list()
    overlap, why = tonights_overlap(store, kind_of(cycle.project), cycle.project.labeling, len(picked))
    planned = plan_tasks(
        picked,
        looks.sort("rank").select("image_id", pl.col("purpose").cast(pl.String)).rows(),
        round_id=round_id,
        label_config_digest=form.digest,
        overlap_ratio=overlap.ratio,
        overlap_annotators=overlap.annotators,
        seed=derive_seed(cycle.seed, "overlap"),
    )
    return planned, why


def _copy_for_people(
    store: Store, image_ids: list[str], annotator_files: AnnotatorFiles, decoder: Decoder, blur: Blur | None
) -> None:
    """Make the missing EXIF-free copies, one image a core at a time."""
    stored = stored_images(store.rows_of(Image, image_ids, columns=COLUMNS).iter_rows())

    def put_copy(image_id: str) -> None:
        original = read_original(store.objects, image_id, stored[image_id].md5)
        pixels = decoder.decode(original, stored[image_id].form).pixels
        annotator_files.put(image_id, encode_jpeg(pixels if blur is None else blur(pixels)))

    wanted = [image_id for image_id in image_ids if not annotator_files.has(image_id)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        for _ in threads.map(put_copy, wanted):
            pass


def _push(
    project_id: int,
    round_id: str,
    form: LabelForm,
    planned: list[PlannedTask],
    predictions: Mapping[str, Mapping[str, Json]],
    label_studio: LabelStudio,
    annotator_files: AnnotatorFiles,
    assigned: Assigned,
) -> Rows[LabelingTask]:
    """Import each task once, without its purpose, with the prediction that its annotator sees; return the rows with their ids."""
    shown = [
        {"picture": annotator_files.address(task.image_id), "round_id": round_id, "task_key": task.task_key}
        | {"image_id": task.image_id}
        | ({PERSON: assigned.names.get(task.task_key, "")} if assigned.has_rules else {})
        for task in planned
    ]
    of_tasks = {task.task_key: predictions[task.image_id] for task in planned if task.image_id in predictions}
    task_ids = label_studio.import_tasks(project_id, round_id, shown, predictions=of_tasks)
    if of_tasks:
        label_studio.show_predictions(project_id, MODEL_VERSION)
    records = [
        asdict(task)
        | {"round_id": round_id, "label_config_digest": form.digest}
        | {"label_studio_project_id": project_id, "label_studio_task_id": task_ids[task.task_key]}
        | {"assigned_to": assigned.pseudonym(task.task_key)}
        for task in planned
    ]
    return check(LabelingTask, pl.DataFrame(records, infer_schema_length=None))
