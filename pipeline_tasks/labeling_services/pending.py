"""Imported responses that no collection has taken in yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.records.project_state import ResponsesTaken
from pipeline_tasks.storage.blobs.response_files import read_responses
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation


@dataclass(frozen=True)
class PendingResponses:
    """Responses in the order of their imports."""

    sequence: int
    """Number of the newest import, or of the newest that was collected."""
    responses: Sequence[ImportedResponse] = ()

    @property
    def task_keys(self) -> set[str]:
        """Labeling tasks that these are about."""
        newest = {one.annotation_id: one for one in self.responses}
        return {one.task_key for one in newest.values() if not one.is_taken_back}

    def of_round(self, round_id: str) -> PendingResponses:
        """Those of one round."""
        return PendingResponses(self.sequence, [one for one in self.responses if one.round_id == round_id])


def pending_responses(store: Store) -> PendingResponses:
    """Read the imports since the last collection."""
    taken = store.state().value(ResponsesTaken)
    sequence, responses = 0 if taken is None else taken.sequence, list[ImportedResponse]()
    for one in read_responses(store.objects, after=sequence):
        sequence = one.sequence
        responses += one.responses
    return PendingResponses(sequence, responses)


def tasks_with_response(store: Store) -> set[str]:
    """Keys of the labeling tasks with a standing response, collected or waiting for it."""
    rows = store.current(Annotation, ["task_key", "state"]).filter(pl.col("state").cast(pl.String) != "deleted")
    return set(rows["task_key"]) | pending_responses(store).task_keys
