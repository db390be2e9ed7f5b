"""Section on open labeling tasks, compared with the sources on one side and with Label Studio on the other."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.cycle import local_time, utc
from pipeline_tasks.records.reminder import Reminder
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, paragraph, table, together
from pipeline_tasks.reports.source_files import EXAMPLES, named
from pipeline_tasks.tables.asked_change import AskedChange
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.lost_task import LostTask

CHANGED = {
    "deleted": "deleted at the source, or left out by the settings",
    "overwritten": "overwritten at the source with something else",
    "elsewhere": "no longer in this file, and still in another",
    "back": "back at the source",
}
FOREIGN = {
    "erased_image": "shows an erased image: delete the task in Label Studio",
    "unknown_image": "shows an image that the project does not have: delete the task in Label Studio",
    "unknown_task": "shows an image of the project in a task that was not sent; its annotations are not used",
    "copy": "another copy of a task that was sent",
    "by_hand": "imported by people; its annotations are not used",
}


def section(data: CycleData) -> Html | None:
    """Images with an open task whose file changed; tasks that are gone from Label Studio, and those that were not sent."""
    found = data.records.find(CollectAnnotationsSummary)
    if found is None:
        return None
    parts = [part for part in (_changed(data, found), _lost(data), _foreign(data, found)) if part is not None]
    if parts:
        return together([_waited(data), *parts])
    said = "No image with an open task changed at its source, and Label Studio has the tasks that were sent and no others."
    return together([_waited(data), paragraph(said, quiet=True)])


def _waited(data: CycleData) -> Html | None:
    """Pauses of labeling while the round stood, and who was reminded of it."""
    sent = data.records.find(SendToLabelingSummary)
    said = [sent.why] if sent is not None and sent.is_held and sent.why else []
    if data.paused_s:
        said.append(
            f"Since the round was sent, labeling was paused for {data.paused_s / 3600:.1f} hours, which moved its deadline."
        )
    said += [_reminded(one, data.time_zone) for one in data.reminders]
    return paragraph(" ".join(said)) if said else None


def _reminded(one: Reminder, time_zone: str) -> str:
    step = "Escalated" if one.step == "escalate" else "Reminded"
    failed = f" (failed: {'; '.join(one.failed)})" if one.failed else ""
    return f"{step} on {local_time(utc(one.told_at), time_zone)} over {', '.join(one.told)}{failed}."


def _changed(data: CycleData, found: CollectAnnotationsSummary) -> Html | None:
    """Images with an open task, by what became of their file since the last night."""
    changes = data.rows(AskedChange)
    if changes is None or not found.asked_changes:
        return None
    of = {change: changes.filter(pl.col("change").cast(pl.String) == change) for change in CHANGED}
    rows = [(CHANGED[one], named(of[one]), count) for one, count in found.asked_changes.items() if one in CHANGED]
    note = (
        "People still see these images, and their annotations count: the originals are in the project's root. If an image was "
        "deleted because it must not be used, erase it: python -m pipeline_tasks erase."
    )
    shown = table(("images with an open task", "for example", "images"), rows, numbers_from=2)
    return together([shown, paragraph(note, quiet=True)])


def _lost(data: CycleData) -> Html | None:
    """Tasks that people deleted in Label Studio."""
    lost = data.rows(LostTask)
    if lost is None or lost.is_empty():
        return None
    files = [data.files.get(image_id, f"image {image_id}") for image_id in lost["image_id"]]
    more = f" and {len(files) - EXAMPLES} more" if len(files) > EXAMPLES else ""
    said = f"Tasks deleted in Label Studio: {len(files)} ({', '.join(files[:EXAMPLES])}{more})."
    return paragraph(f"{said} Annotations that they had are kept; images without one can be selected again.")


def _foreign(data: CycleData, found: CollectAnnotationsSummary) -> Html | None:
    """Tasks in Label Studio that were not sent, the new ones with their address."""
    if not found.foreign_tasks:
        return None
    sent = data.records.find(SendToLabelingSummary)
    server = sent.url.partition("/projects/")[0] if sent is not None and sent.url else ""
    rows = [(FOREIGN[one], _tasks(data, one, server), found.foreign_tasks[one]) for one in FOREIGN if one in found.foreign_tasks]
    return table(("tasks in Label Studio that were not sent", "new ones", "tasks"), rows, numbers_from=2)


def _tasks(data: CycleData, reason: str, server: str) -> str:
    tasks = data.rows(ForeignTask)
    if tasks is None:
        return ""
    new = tasks.filter("is_there", pl.col("reason").cast(pl.String) == reason)
    ids = new.sort("label_studio_task_id").select("label_studio_project_id", "label_studio_task_id").rows()
    more = f" and {len(ids) - EXAMPLES} more" if len(ids) > EXAMPLES else ""
    return ", ".join(f"{server}/projects/{project}/data?task={task}" for project, task in ids[:EXAMPLES]) + more
