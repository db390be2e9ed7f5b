"""Addresses of labeling tasks in Label Studio, where they stand now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_tasks.records.project_state import MovedRounds
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.storage.history.store import Store


@dataclass(frozen=True)
class TaskLinks:
    """Addresses of rounds, from which those of tasks follow."""

    sent: Mapping[str, str]
    """Round → the address of its tab when it was sent."""
    moved: Mapping[str, str]
    """Round → the address of its tab now, if its project was deleted and made again."""

    def of(self, round_id: str, task_id: int | None) -> str | None:
        """The address of a task by its recorded id; that of the round where the project was made again, as ids are others there."""
        if round_id in self.moved:
            return self.moved[round_id]
        return f"{self.sent[round_id]}&task={task_id}" if round_id in self.sent and task_id else None

    def of_round(self, round_id: str) -> str | None:
        """The address of a round's tab; None if it was never sent."""
        return self.moved.get(round_id) or self.sent.get(round_id)


def task_links(store: Store) -> TaskLinks:
    """The addresses of all rounds."""
    sent = {one.round_id: one.url for one in store.summaries(SendToLabelingSummary).values() if one.url}
    moved = store.state().value(MovedRounds)
    return TaskLinks(sent, {} if moved is None else moved.urls)
