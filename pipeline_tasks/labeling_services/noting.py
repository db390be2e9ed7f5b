"""Notes for people in Label Studio: which of its tasks a service has annotated."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.labeling_task import LabelingTask

COLUMN = "annotated_at"
"""Column in Label Studio with the service's name, beside the image."""


def note_for_people(store: Store, label_studio: LabelStudio, responses: Sequence[ImportedResponse]) -> None:
    """Note on the task of each response who annotated it, as it stays open in Label Studio; one taken back loses its note.

    Tasks of a project that was made again have other numbers there, and no note.
    """
    newest = {one.task_key: one for one in responses}
    columns = ["task_key", "label_studio_task_id"]
    for key, task_id in store.rows_of(LabelingTask, sorted(newest), "task_key", columns=columns).select(columns).iter_rows():
        said = newest[key]
        label_studio.note_on(task_id, COLUMN, "" if said.is_taken_back else said.annotation_id.partition("-")[0])
