"""The open labeling tasks of a round, as a labeling service is asked about them."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_services.pending import tasks_with_response
from pipeline_tasks.labeling_services.service import Asked, AskedImage
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask


def asked_of(store: Store, cycle: Cycle, images_at: str) -> tuple[Asked, Mapping[str, str]]:
    """The round of a cycle, and name of an image for the service → image_id. `images_at`: address below which people see them.

    Images for gold look like all others: neither their place nor their name tells them.

    Raises:
        MissingStageError: send_to_labeling of this cycle has not been done.
    """
    kind, labeling = kind_of(cycle.project), cycle.project.labeling
    groups = _groups(store, cycle)
    images = [AskedImage(keys, f"{images_at.rstrip('/')}/{keys[0]}.jpg") for keys in groups]
    question = label_form(kind, labeling.question).question
    asked = Asked(cycle.round_id, kind.name, question, labeling.guideline or "", kind.vocabulary, images)
    return asked, {keys[0]: image_id for keys, image_id in groups.items()}


def _groups(store: Store, cycle: Cycle) -> dict[tuple[str, ...], str]:
    """Keys of the open tasks about one image → the image, in the order of the queue."""
    store.require(LabelingTask, cycle.cycle_id)
    closed = tasks_with_response(store) | set(store.history(LostTask, ["task_key"])["task_key"])
    found: dict[tuple[str, bool], list[str]] = {}
    for row in store.read(LabelingTask, cycle.cycle_id).sort("label_studio_task_id").iter_rows(named=True):
        if row["task_key"] not in closed:
            found.setdefault((row["image_id"], row["purpose"] == "gold"), []).append(row["task_key"])
    return {tuple(keys): image_id for (image_id, _), keys in found.items()}
