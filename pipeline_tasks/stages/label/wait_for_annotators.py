"""Check once if the cycle's round is annotated or its deadline has passed; only the sensor repeats this."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.clients.label_studio_errors import NotThereError
from pipeline_tasks.clients.label_studio_poller import form_digest
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_rounds.making_again import standing_projects
from pipeline_tasks.labeling_rounds.reminding import due_reminders
from pipeline_tasks.labeling_services.pending import pending_responses
from pipeline_tasks.records.cycle import Cycle, local_time, utc
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary
from pipeline_tasks.storage.history.reminders import told_reminders
from pipeline_tasks.storage.history.round_clock import round_clock
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.history.task_links import task_links

STAGE = "wait_for_annotators"
LOOK_AGAIN = timedelta(minutes=5)
"""Time until the next look for imported responses, of a project whose rounds go to a service by files."""


def wait_for_annotators(
    store: Store, cycle: Cycle, label_studio: LabelStudio, annotator_files: AnnotatorFiles, now: datetime
) -> WaitForAnnotatorsSummary:
    """Count the annotated tasks with one light call, and those that imported files answer. Has no event: the next check may differ.

    Also compares the form in Label Studio with ours, so that a change is said before many people answered it. A deleted project is
    made again.

    Raises:
        MissingStageError: send_to_labeling of this cycle has not been done.
    """
    pushed, labeling = store.summary(cycle.cycle_id, SendToLabelingSummary), cycle.project.labeling
    tasks, answered = pushed.tasks, 0
    differences: list[str] = []
    place, form, url = pushed.label_studio_project_id, "", task_links(store).of_round(pushed.round_id)
    if tasks and place is not None:
        try:
            answered, standing = _progress(label_studio, place, pushed.round_id)
        except NotThereError:
            made_again = standing_projects(store, cycle, label_studio, annotator_files)
            place, url = made_again.places.get(place, place), made_again.urls.get(pushed.round_id, url)
            answered, standing = _progress(label_studio, place, pushed.round_id)
        answered += _imported_only(store, label_studio, place, pushed.round_id, answered)
        answered, form = min(tasks, answered), form_digest(standing)
        differences = form_differences(label_form(kind_of(cycle.project), labeling.question).xml, standing)
    done_ratio = answered / tasks if tasks else 1.0
    clock = round_clock(store, pushed, labeling.deadline_s, now)
    deadline_at = clock.deadline_at
    is_late, deadline = now >= deadline_at, local_time(deadline_at, cycle.project.time_zone)
    is_enough = done_ratio >= labeling.release_ratio
    summary = WaitForAnnotatorsSummary(
        round_id=pushed.round_id,
        tasks=tasks,
        answered=answered,
        done_ratio=done_ratio,
        is_released=is_enough or is_late,
        why=_why(tasks, answered, labeling.release_ratio, is_enough=is_enough, is_late=is_late, deadline=deadline),
        ask_every_s=labeling.ask_every_s,
        deadline_at=deadline_at.isoformat(),
        label_studio_project_id=place,
        tasks_wanted=next(n for n in range(tasks + 1) if n == tasks or n / tasks >= labeling.release_ratio),
        form=form,
        form_differences=differences,
        age_s=clock.age_s,
        paused_at=clock.paused_at,
        url=url,
    )
    if summary.is_released:
        return summary
    return _paused(summary, cycle) if clock.paused_at else _with_reminders(store, cycle, summary, now)


def _paused(summary: WaitForAnnotatorsSummary, cycle: Cycle) -> WaitForAnnotatorsSummary:
    """The summary of a round whose clock stands still."""
    since = local_time(utc(summary.paused_at or ""), cycle.project.time_zone)
    return replace(summary, why=f"{summary.why} Labeling is paused since {since}, so the deadline moves on.")


def _with_reminders(store: Store, cycle: Cycle, summary: WaitForAnnotatorsSummary, now: datetime) -> WaitForAnnotatorsSummary:
    """The summary with the reminders that are due, and the time of the next look."""
    told = {one.step for one in told_reminders(store.objects, cycle.cycle_id)}
    due = due_reminders(cycle.project.labeling.reminders, summary.age_s, told)
    waits = [] if due.next_in_s is None else [timedelta(seconds=due.next_in_s)]
    waits += [] if cycle.project.labeling.service is None else [LOOK_AGAIN]
    return replace(summary, reminders_due=due.steps, look_again_at=(now + min(waits)).isoformat() if waits else None)


def _imported_only(store: Store, label_studio: LabelStudio, project_id: int, round_id: str, answered: int) -> int:
    """Number of tasks that only an imported file answers."""
    keys = pending_responses(store).of_round(round_id).task_keys
    if not keys or not answered:
        return len(keys)
    return len(keys - {task.task_key for task in label_studio.tasks_there(project_id) if task.is_touched})


def _progress(label_studio: LabelStudio, project_id: int, round_id: str) -> tuple[int, str]:
    """Number of annotated tasks, and the form as it stands."""
    return label_studio.count_annotated_tasks(project_id, round_id), label_studio.label_config(project_id)


def _why(tasks: int, answered: int, release_ratio: float, *, is_enough: bool, is_late: bool, deadline: str) -> str:
    if not tasks:
        return "No round was sent, so there is nothing to wait for."
    so_far = f"{answered} of {tasks} labeling tasks are annotated"
    if is_enough:
        return f"{so_far}, which reaches the required share of {release_ratio:.0%}."
    if is_late:
        return f"{so_far}, and the deadline {deadline} has passed; the next cycle collects later annotations."
    return f"{so_far}; waiting for {release_ratio:.0%} or the deadline {deadline}."
