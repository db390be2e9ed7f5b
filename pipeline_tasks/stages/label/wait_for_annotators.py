"""Check once if the cycle's round is annotated or its deadline has passed; only the sensor repeats this."""

from __future__ import annotations

from datetime import datetime

from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.records.cycle import Cycle, utc
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.records.wait_for_annotators import WaitForAnnotatorsSummary
from pipeline_tasks.storage.history.store import Store

STAGE = "wait_for_annotators"


def wait_for_annotators(store: Store, cycle: Cycle, label_studio: LabelStudio, now: datetime) -> WaitForAnnotatorsSummary:
    """Count the annotated tasks with one light call. Changes nothing and has no event, because the next check may differ.

    Raises:
        MissingStageError: send_to_labeling of this cycle has not been done.
    """
    pushed, labeling = store.summary(cycle.cycle_id, SendToLabelingSummary), cycle.project.labeling
    tasks, answered = pushed.tasks, 0
    if tasks and pushed.label_studio_project_id is not None:
        answered = min(tasks, label_studio.count_annotated_tasks(pushed.label_studio_project_id, pushed.round_id))
    done_ratio = answered / tasks if tasks else 1.0
    is_late = now >= utc(pushed.deadline_at)
    is_enough = done_ratio >= labeling.release_ratio
    return WaitForAnnotatorsSummary(
        round_id=pushed.round_id,
        tasks=tasks,
        answered=answered,
        done_ratio=done_ratio,
        is_released=is_enough or is_late,
        why=_why(tasks, answered, labeling.release_ratio, is_enough=is_enough, is_late=is_late, deadline_at=pushed.deadline_at),
        ask_every_s=labeling.ask_every_s,
        deadline_at=pushed.deadline_at,
    )


def _why(tasks: int, answered: int, release_ratio: float, *, is_enough: bool, is_late: bool, deadline_at: str) -> str:
    if not tasks:
        return "No round was sent, so there is nothing to wait for."
    so_far = f"{answered} of {tasks} labeling tasks are annotated"
    if is_enough:
        return f"{so_far}, which reaches the required share of {release_ratio:.0%}."
    if is_late:
        return f"{so_far}, and the deadline {deadline_at} has passed; the next cycle collects later annotations."
    return f"{so_far}; waiting for {release_ratio:.0%} or the deadline {deadline_at}."
