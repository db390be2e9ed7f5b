"""Collect annotations that are new, changed or deleted since the last collection, those of earlier rounds and of files, too."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import polars as pl

from pipeline_tasks.annotations.asked_changes import asked_changes, news_of
from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.annotations.misdirected import Checked, checked
from pipeline_tasks.annotations.parsing import AnnotationRevision, annotation_rows, object_rows, recorded_annotations
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.refused import problems, usable
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_rounds.comparing import Known
from pipeline_tasks.labeling_rounds.contexts import contexts_by_project
from pipeline_tasks.labeling_rounds.looking import Look, Looking
from pipeline_tasks.labeling_rounds.making_again import Standing, standing_projects
from pipeline_tasks.labeling_services.collecting import imported_revisions
from pipeline_tasks.labeling_services.noting import note_for_people
from pipeline_tasks.labeling_services.pending import PendingResponses, pending_responses
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary, refusal
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.imported_response import is_imported
from pipeline_tasks.records.project_state import LabelStudioLooks, LabelStudioMoves, MovedRounds, ResponsesTaken, StateValue
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.storage.blobs.annotation_log import append_revision
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.history.tonight import changed_tonight, seen_of
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.asked_change import AskedChange
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import check, empty

STAGE = "collect_annotations"

logger = logging.getLogger(__name__)

MOST_REFUSALS = 20
"""Number of refused annotations that the summary names; it counts all."""


def collect_annotations(
    store: Store, cycle: Cycle, label_studio: LabelStudio, annotator_files: AnnotatorFiles
) -> CollectAnnotationsSummary:
    """Log every new revision, then record it; the first success counts.

    An annotation is `deleted` if its task exists without it. If a task is gone, its annotations are kept, and its image can be
    selected again if it was open. A deleted project is made again if people work in it; of an earlier form, its tasks are gone.

    Raises:
        MissingStageError: send_to_labeling of this cycle has not been done.
    """
    standing = store.finished(cycle.cycle_id, STAGE, CollectAnnotationsSummary)
    if standing is not None:
        return standing
    store.require(LabelingTask, cycle.cycle_id)
    known = recorded_annotations(store.current(Annotation))
    standing_looks = store.state().value(LabelStudioLooks)
    looks = {} if standing_looks is None else dict(standing_looks.newest_changes)
    standing_now = standing_projects(store, cycle, label_studio, annotator_files)
    of_label_studio = {name: row for name, row in known.items() if not is_imported(name)}
    look = _look(store, cycle, label_studio, of_label_studio, looks, standing_now)
    pending = pending_responses(store)
    look = replace(look, revisions=[*look.revisions, *imported_revisions(store, cycle.project, pending.responses, known)])
    told = _checked(store, cycle, known, look)
    look = replace(look, revisions=told.revisions)
    note_for_people(store, label_studio, pending.responses)
    for revision in look.revisions:
        append_revision(store.objects, revision.annotation_id, revision.revision, revision.content)
    labeling = kind_of(cycle.project).labeling
    asked = _asked_changes(store, cycle, known, look)
    summary = replace(
        _summary(store, cycle, known, look, labeling),
        form_differences=_form_differences(store, cycle, label_studio, standing_now),
        annotations_by_another=told.by_another,
        annotations_twice=told.twice,
        projects_made_again=list(standing_now.made_again),
        foreign_tasks=_standing(store, look.foreign),
        asked_changes=dict(asked.unique(["image_id", "change"]).group_by("change").len().sort("change").iter_rows()),
    )
    _warn(summary)
    writes = [(Annotation, annotation_rows(look.revisions)), (AnnotationObject, object_rows(look.revisions, labeling))]
    lost = [(LostTask, _lost_rows(look))]
    news = [(table, rows) for table, rows in ((ForeignTask, look.foreign), (AskedChange, asked)) if rows.height]
    return store.finish(cycle.cycle_id, STAGE, summary, [*writes, *lost, *news], sets=_state(store, looks, standing_now, pending))


def _look(store: Store, cycle: Cycle, label_studio: LabelStudio, known: Known, looks: dict[int, str], standing: Standing) -> Look:
    contexts = contexts_by_project(store, cycle, standing.places)
    looking = Looking(store, label_studio, known, cycle.project.labeling.compare_all_up_to_tasks, looks)
    return looking.look(contexts, standing.counts)


def _checked(store: Store, cycle: Cycle, known: Known, look: Look) -> Checked:
    """The revisions, those of people who were not asked without a vote, where the project says who is asked."""
    assignment = cycle.project.labeling.assignment
    if assignment is None:
        return Checked(look.revisions)
    asked = store.history(LabelingTask, ["task_key", "assigned_to"]).drop_nulls("assigned_to")
    has_vote = assignment.misdirected == "use"
    return checked(look.revisions, known.values(), dict(asked.select("task_key", "assigned_to").rows()), has_vote=has_vote)


def _state(store: Store, looks: dict[int, str], standing: Standing, pending: PendingResponses) -> list[StateValue]:
    """Values of the state that a look sets."""
    moves = store.state().value(LabelStudioMoves)
    places = ({} if moves is None else dict(moves.places)) | dict(standing.places)
    rounds = store.state().value(MovedRounds)
    urls = ({} if rounds is None else dict(rounds.urls)) | dict(standing.urls)
    moved: list[StateValue] = [LabelStudioMoves(places)] if places else []
    taken = [ResponsesTaken(pending.sequence)] if pending.responses else []
    return [LabelStudioLooks(looks), *moved, *([MovedRounds(urls)] if urls else []), *taken]


def _lost_rows(look: Look) -> pl.DataFrame:
    """Rows of `LostTask`."""
    rows = [{"task_key": one.task_key, "round_id": one.round_id, "image_id": one.image_id} for one in look.lost]
    return check(LostTask, pl.DataFrame(rows)) if rows else empty(LostTask)


def _standing(store: Store, news: pl.DataFrame) -> dict[str, int]:
    """Reason → foreign tasks that are there, with these news."""
    rows = pl.concat([store.current(ForeignTask), news]).unique(ForeignTask.primary_key(), keep="last", maintain_order=True)
    reasons = rows.filter("is_there")["reason"].cast(pl.String)
    return dict(sorted(Counter(reasons).items()))


def _asked_changes(store: Store, cycle: Cycle, known: Known, look: Look) -> pl.DataFrame:
    """Rows of `AskedChange`: files of images with an open task that tonight's listing found changed."""
    changed = changed_tonight(store, cycle.cycle_id)
    if changed.files.is_empty():
        return empty(AskedChange)
    standing = dict(known) | {revision.annotation_id: revision for revision in look.revisions}
    closed = {row.task_key for row in standing.values() if row.state != "deleted"}
    closed |= {*store.history(LostTask, ["task_key"])["task_key"], *(one.task_key for one in look.lost)}
    tasks = store.history(LabelingTask, ["task_key", "image_id"])
    asked = tasks.filter(~pl.col("task_key").is_in(list(closed)))["image_id"].unique()
    held_once = store.rows_of(Sighting, changed.files["key"], "key", columns=["image_id"])["image_id"]
    image_ids = asked.filter(asked.is_in(held_once.implode()))
    if image_ids.is_empty():
        return empty(AskedChange)
    seen = pl.concat([seen_of(store, image_ids), changed.no_images])
    missing = store.current(MissingFile).filter("is_missing")
    return check(AskedChange, news_of(asked_changes(image_ids, seen, missing), changed.files))


def _form_differences(store: Store, cycle: Cycle, label_studio: LabelStudio, standing: Standing) -> list[str]:
    """Changes of the form that this cycle's round was answered with."""
    project_id = store.summary(cycle.cycle_id, SendToLabelingSummary).label_studio_project_id
    if project_id is None:
        return []
    form = label_form(kind_of(cycle.project), cycle.project.labeling.question)
    return form_differences(form.xml, label_studio.label_config(standing.places.get(project_id, project_id)))


def _summary(store: Store, cycle: Cycle, known: Known, look: Look, labeling: Labeling[Any]) -> CollectAnnotationsSummary:
    tasks, revisions = store.read(LabelingTask, cycle.cycle_id), look.revisions
    rounds = set(tasks["round_id"])
    standing = dict(known) | {revision.annotation_id: revision for revision in revisions}
    answered = {row.task_key for row in standing.values() if row.state != "deleted"}
    given = [revision for revision in revisions if revision.state != "deleted"]
    refused = [_refusal(revision) for revision in given if problems(revision.objects)]
    return CollectAnnotationsSummary(
        annotations_new=sum(revision.annotation_id not in known for revision in given),
        annotations_changed=sum(revision.annotation_id in known for revision in given),
        annotations_deleted=len(revisions) - len(given),
        annotations_skipped=sum(revision.state == "skipped" for revision in given),
        annotations_from_earlier_rounds=sum(revision.round_id not in rounds for revision in revisions),
        annotators=len({revision.annotator_id for revision in given}),
        tasks_unanswered=len(set(tasks["task_key"]) - answered),
        projects_gone=sorted(look.gone),
        unknown_choices=_unknown_choices(given, labeling),
        annotations_refused=len(refused),
        refusals=refused[:MOST_REFUSALS],
        tasks_lost=len({one.task_key for one in look.lost} - answered),
        annotations_by_hand=look.not_ours.by_hand,
        annotations_of_replaced_images=look.not_ours.image_replaced,
        **asdict(look.mended),
    )


def _unknown_choices(given: Sequence[AnnotationRevision], labeling: Labeling[Any]) -> dict[str, int]:
    """Name that is none of the project's → annotations with it."""
    return dict(sorted(Counter(name for revision in given for name in labeling.unknown(usable(revision.objects))).items()))


def _refusal(revision: AnnotationRevision) -> str:
    """Sentence on an annotation that cannot be used."""
    return refusal(revision.image_id, revision.annotation_id, problems(revision.objects))


def _warn(summary: CollectAnnotationsSummary) -> None:
    """Say in the log what a person must look at."""
    for name, count in summary.unknown_choices.items():
        logger.warning("%d annotations choose %r, which is no class of the project; they give no label", count, name)
    for line in summary.refusals:
        logger.warning("An annotation is not used: %s", line)
    if summary.annotations_refused > len(summary.refusals):
        logger.warning("%d annotations are not used in all", summary.annotations_refused)
    for difference in summary.form_differences:
        logger.warning("%s", difference)
    for reason in ("erased_image", "unknown_image"):
        if reason in summary.foreign_tasks:
            shown = reason.replace("_", " ")
            logger.warning("%d tasks in Label Studio show an %s; delete them there", summary.foreign_tasks[reason], shown)
    if misdirected := summary.annotations_by_another + summary.annotations_twice:
        logger.warning("%d annotations are by people who were not asked, %s", misdirected, "or had the image already")
    if summary.tasks_lost:
        logger.warning("%d open tasks were deleted in Label Studio; their images can be selected again", summary.tasks_lost)
    if summary.annotations_of_replaced_images:
        logger.warning("%d annotations are of tasks whose image people replaced; not used", summary.annotations_of_replaced_images)
