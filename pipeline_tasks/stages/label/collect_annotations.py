"""Collect all annotations that are new, changed or deleted since the last collection, including late ones of earlier rounds."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import polars as pl

from pipeline_tasks.annotations.asked_changes import asked_changes, news_of
from pipeline_tasks.annotations.changes import NotOurs, changed_annotations, newest_change, not_ours, vanished_annotations
from pipeline_tasks.annotations.foreign_tasks import ImagesKnown, foreign_tasks
from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.annotations.parsing import (
    AnnotationRevision,
    RecordedAnnotation,
    TaskContext,
    annotation_rows,
    object_rows,
    recorded_annotations,
    taken_back,
)
from pipeline_tasks.clients.label_studio import LabelStudio, lost_round
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.refused import problems, usable
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary, refusal
from pipeline_tasks.records.cycle import Cycle, utc
from pipeline_tasks.records.project_state import LabelStudioLooks
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.records.task_there import TaskThere
from pipeline_tasks.storage.blobs.annotation_log import append_revision
from pipeline_tasks.storage.erasure.erased_images import is_erased_in
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.history.tonight import changed_tonight, seen_of
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.asked_change import AskedChange
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import check, empty

STAGE = "collect_annotations"

logger = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=10)
"""Overlap with the last collection, because a change may be stamped well before it becomes visible."""

SIZE_COLUMNS = ("image_id", "width_px", "height_px")
MOST_REFUSALS = 20
"""Number of refused annotations that the summary names; it counts all."""

Known = Mapping[str, RecordedAnnotation]
"""annotation_id → its row."""


@dataclass(frozen=True)
class _Look:
    """All that one look at Label Studio found."""

    revisions: list[AnnotationRevision]
    gone: list[int]
    """Projects that were deleted."""
    lost: pl.DataFrame
    """Rows of `LostTask`."""
    foreign: pl.DataFrame
    """Rows of `ForeignTask`: tasks that came or went since the last look."""
    not_ours: NotOurs
    form_differences: list[str]


def collect_annotations(store: Store, cycle: Cycle, label_studio: LabelStudio) -> CollectAnnotationsSummary:
    """Log every new revision, then record it; the first success counts.

    An annotation is `deleted` if its task exists without it. If a task or project is gone, its annotations are kept, and the images
    of its open tasks can be selected again.

    Raises:
        MissingStageError: send_to_labeling of this cycle has not been done.
        ServiceRefusedError: the Label Studio project of this cycle's round was deleted.
    """
    standing = store.finished(cycle.cycle_id, STAGE, CollectAnnotationsSummary)
    if standing is not None:
        return standing
    store.require(LabelingTask, cycle.cycle_id)
    known = recorded_annotations(store.current(Annotation))
    standing_looks = store.state().value(LabelStudioLooks)
    looks = {} if standing_looks is None else dict(standing_looks.newest_changes)
    look = _look(store, cycle, label_studio, known, looks)
    for revision in look.revisions:
        append_revision(store.objects, revision.annotation_id, revision.revision, revision.content)
    labeling = kind_of(cycle.project).labeling
    asked = _asked_changes(store, cycle, known, look)
    summary = replace(
        _summary(store, cycle, known, look, labeling),
        foreign_tasks=_standing(store, look.foreign),
        asked_changes=dict(asked.unique(["image_id", "change"]).group_by("change").len().sort("change").iter_rows()),
    )
    _warn(summary)
    writes = [(Annotation, annotation_rows(look.revisions)), (AnnotationObject, object_rows(look.revisions, labeling))]
    news = [(table, rows) for table, rows in ((ForeignTask, look.foreign), (AskedChange, asked)) if rows.height]
    return store.finish(cycle.cycle_id, STAGE, summary, [*writes, (LostTask, look.lost), *news], sets=[LabelStudioLooks(looks)])


def _look(store: Store, cycle: Cycle, label_studio: LabelStudio, known: Known, looks: dict[int, str]) -> _Look:
    contexts = _contexts_by_project(store, cycle)
    tasks = {project_id: label_studio.count_tasks(project_id) for project_id in contexts}
    gone = [project_id for project_id, count in tasks.items() if count is None]
    _refuse_lost_round(store, cycle, gone)
    lost_before = set(store.history(LostTask, ["task_key"])["task_key"])
    revisions, by_hand, replaced = list[AnnotationRevision](), 0, 0
    strangers: dict[int, frozenset[int]] = {}
    for project_id in sorted(contexts.keys() - gone):
        # Annotations went with their task; they stay known, and are not looked for.
        there = {key: row for key, row in known.items() if key.startswith(f"{project_id}-") and row.task_key not in lost_before}
        found, strange = _differences(label_studio, project_id, contexts[project_id], there, looks)
        revisions += found
        by_hand, replaced = by_hand + strange.by_hand, replaced + strange.image_replaced
        strangers[project_id] = strange.tasks
    lost, foreign = _other_tasks(store, label_studio, contexts, tasks, strangers, lost_before)
    rows = [{"task_key": one.task_key, "round_id": one.round_id, "image_id": one.image_id} for one in lost]
    return _Look(
        revisions,
        gone,
        check(LostTask, pl.DataFrame(rows)) if rows else empty(LostTask),
        foreign,
        NotOurs(by_hand, replaced),
        _form_differences(store, cycle, label_studio),
    )


def _contexts_by_project(store: Store, cycle: Cycle) -> dict[int, dict[str, TaskContext]]:
    """Label Studio project id → task_key → context of the task's annotations, over all rounds."""
    contexts: dict[int, dict[str, TaskContext]] = {}
    name, labeling = cycle.project.project, kind_of(cycle.project).labeling
    columns = ["label_studio_project_id", "task_key", "round_id", "image_id", "label_studio_task_id"]
    tasks = store.history(LabelingTask, columns)
    sizes = _sizes(store, tasks["image_id"]) if kind_of(cycle.project).freezing.keeps_objects else {}
    for project_id, key, round_id, image_id, task_id in tasks.iter_rows():
        context = TaskContext(name, labeling, project_id, key, round_id, image_id, task_id, sizes.get(image_id))
        contexts.setdefault(project_id, {})[key] = context
    return contexts


def _sizes(store: Store, image_ids: pl.Series) -> dict[str, tuple[int, int]]:
    """image_id → width and height of the canonical image."""
    rows = store.rows_of(Image, image_ids, columns=SIZE_COLUMNS).select(SIZE_COLUMNS)
    return {image_id: (width, height) for image_id, width, height in rows.iter_rows()}


def _other_tasks(
    store: Store,
    label_studio: LabelStudio,
    contexts: Mapping[int, Mapping[str, TaskContext]],
    counts: Mapping[int, int | None],
    strangers: Mapping[int, frozenset[int]],
    lost_before: set[str],
) -> tuple[list[TaskContext], pl.DataFrame]:
    """Tasks that vanished since the last look, and rows of `ForeignTask`."""
    lost, foreign = list[TaskContext](), list[pl.DataFrame]([empty(ForeignTask)])
    before = store.current(ForeignTask).filter("is_there")
    for project_id, of_project in contexts.items():
        expected = [one for key, one in of_project.items() if key not in lost_before]
        known_foreign = before.filter(pl.col("label_studio_project_id") == project_id)
        if counts[project_id] is None:
            lost += expected
        elif _has_other_tasks(counts[project_id], expected, known_foreign, strangers[project_id]):
            there = label_studio.tasks_there(project_id)
            lost += _lost(expected, there)
            foreign.append(_foreign(store, project_id, of_project, there, known_foreign))
    return lost, pl.concat(foreign)


def _has_other_tasks(count: int | None, expected: Sequence[TaskContext], foreign: pl.DataFrame, strangers: frozenset[int]) -> bool:
    """Return True if a project has other tasks than at the last look, so that only then all are listed."""
    return count != len(expected) + foreign.height or not strangers <= set(foreign["label_studio_task_id"])


def _lost(expected: Sequence[TaskContext], there: Sequence[TaskThere]) -> list[TaskContext]:
    """Tasks that vanished since the last look."""
    ids = {task.task_id for task in there}
    return [one for one in expected if one.label_studio_task_id not in ids]


def _foreign(
    store: Store, project_id: int, contexts: Mapping[str, TaskContext], there: Sequence[TaskThere], before: pl.DataFrame
) -> pl.DataFrame:
    """Rows of `ForeignTask` for tasks that came, went, or are there for another reason since the last look."""
    images = ImagesKnown(lambda ids: store.known(Image, ids), is_erased_in(store))
    sent = {one.label_studio_task_id for one in contexts.values()}
    now = foreign_tasks(there, sent, contexts.keys(), images)
    standing = {task_id: str(reason) for task_id, reason in before.select("label_studio_task_id", "reason").iter_rows()}
    news = [(task_id, reason, True) for task_id, reason in now.items() if standing.get(task_id) != reason]
    news += [(task_id, reason, False) for task_id, reason in standing.items() if task_id not in now]
    columns = ["label_studio_task_id", "reason", "is_there"]
    rows = pl.DataFrame(news, schema=columns, orient="row").with_columns(label_studio_project_id=pl.lit(project_id, pl.Int64))
    return check(ForeignTask, rows) if news else empty(ForeignTask)


def _standing(store: Store, news: pl.DataFrame) -> dict[str, int]:
    """Reason → foreign tasks that are there, with these news."""
    rows = pl.concat([store.current(ForeignTask), news]).unique(ForeignTask.primary_key(), keep="last", maintain_order=True)
    reasons = rows.filter("is_there")["reason"].cast(pl.String)
    return dict(sorted(Counter(reasons).items()))


def _asked_changes(store: Store, cycle: Cycle, known: Known, look: _Look) -> pl.DataFrame:
    """Rows of `AskedChange`: files of images with an open task that tonight's listing found changed."""
    changed = changed_tonight(store, cycle.cycle_id)
    if changed.files.is_empty():
        return empty(AskedChange)
    standing = dict(known) | {revision.annotation_id: revision for revision in look.revisions}
    closed = {row.task_key for row in standing.values() if row.state != "deleted"}
    closed |= {*store.history(LostTask, ["task_key"])["task_key"], *look.lost["task_key"]}
    tasks = store.history(LabelingTask, ["task_key", "image_id"])
    asked = tasks.filter(~pl.col("task_key").is_in(list(closed)))["image_id"].unique()
    held_once = store.rows_of(Sighting, changed.files["key"], "key", columns=["image_id"])["image_id"]
    image_ids = asked.filter(asked.is_in(held_once.implode()))
    if image_ids.is_empty():
        return empty(AskedChange)
    seen = pl.concat([seen_of(store, image_ids), changed.no_images])
    missing = store.current(MissingFile).filter("is_missing")
    return check(AskedChange, news_of(asked_changes(image_ids, seen, missing), changed.files))


def _form_differences(store: Store, cycle: Cycle, label_studio: LabelStudio) -> list[str]:
    """Changes of the form that this cycle's round was answered with."""
    project_id = store.summary(cycle.cycle_id, SendToLabelingSummary).label_studio_project_id
    if project_id is None:
        return []
    form = label_form(kind_of(cycle.project), cycle.project.labeling.question)
    return form_differences(form.xml, label_studio.label_config(project_id))


def _refuse_lost_round(store: Store, cycle: Cycle, gone: list[int]) -> None:
    lost = set(store.read(LabelingTask, cycle.cycle_id)["label_studio_project_id"]) & set(gone)
    if lost:
        raise lost_round(min(lost), cycle.cycle_id)


def _differences(
    label_studio: LabelStudio, project_id: int, contexts: Mapping[str, TaskContext], known: Known, looks: dict[int, str]
) -> tuple[list[AnnotationRevision], NotOurs]:
    """Changes since the last collection; if the counts then disagree, all differences of the whole project."""
    since = looks.get(project_id)
    moment = None if since is None else (utc(since) - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    tasks = label_studio.changed_since(project_id, moment)
    revisions = _compare(label_studio, tasks, contexts, known)
    standing = {key: row.state for key, row in known.items()} | {one.annotation_id: one.state for one in revisions}
    count = sum(state != "deleted" for state in standing.values())
    if moment is not None and label_studio.count_annotations(project_id) != count:
        tasks = label_studio.changed_since(project_id, None)
        revisions = _compare(label_studio, tasks, contexts, known)
    newest = newest_change(tasks)
    if newest is not None:
        looks[project_id] = newest.isoformat()
    return revisions, not_ours(tasks, contexts)


def _compare(
    label_studio: LabelStudio, tasks: list[JsonObject], contexts: Mapping[str, TaskContext], known: Known
) -> list[AnnotationRevision]:
    """New, changed and deleted annotations; each deletion is checked once more by id."""
    missing = vanished_annotations(tasks, contexts, known)
    deleted = [row for row in missing if not label_studio.has_annotation(int(row.annotation_id.split("-")[1]))]
    return changed_annotations(tasks, contexts, known) + [taken_back(row) for row in deleted]


def _summary(store: Store, cycle: Cycle, known: Known, look: _Look, labeling: Labeling[Any]) -> CollectAnnotationsSummary:
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
        form_differences=look.form_differences,
        tasks_lost=len(set(look.lost["task_key"]) - answered),
        annotations_by_hand=look.not_ours.by_hand,
        annotations_of_replaced_images=look.not_ours.image_replaced,
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
    if summary.tasks_lost:
        logger.warning("%d open tasks were deleted in Label Studio; their images can be selected again", summary.tasks_lost)
    if summary.annotations_of_replaced_images:
        logger.warning("%d annotations are of tasks whose image people replaced; not used", summary.annotations_of_replaced_images)
