"""News of tasks in a Label Studio project that Nightlens did not send."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline_tasks.annotations.foreign_tasks import ImagesKnown, foreign_tasks
from pipeline_tasks.annotations.parsing import TaskContext
from pipeline_tasks.labeling_rounds.comparing import Contexts
from pipeline_tasks.records.task_there import TaskThere
from pipeline_tasks.storage.erasure.erased_images import is_erased_in
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.table import check, empty


def has_other_tasks(count: int | None, expected: Sequence[TaskContext], foreign: pl.DataFrame, strangers: frozenset[int]) -> bool:
    """Return True if a project has other tasks than at the last look, so that only then all are listed."""
    return count != len(expected) + foreign.height or not strangers <= set(foreign["label_studio_task_id"])


def foreign_news(
    store: Store, project_id: int, contexts: Contexts, there: Sequence[TaskThere], before: pl.DataFrame, lost: set[str]
) -> pl.DataFrame:
    """Rows of `ForeignTask` for tasks that came, went, or are there for another reason since the last look.

    A task with the key of one that is there under another number is a `copy`; alone, it is the task itself.
    """
    images = ImagesKnown(lambda ids: store.known(Image, ids), is_erased_in(store))
    ids = {task.task_id for task in there}
    sent = {one.label_studio_task_id for one in contexts.values()}
    for task in there:
        context = contexts.get(task.task_key or "")
        if context is not None and context.task_key not in lost and context.label_studio_task_id not in ids:
            sent.add(task.task_id)
            ids.add(context.label_studio_task_id)
    now = foreign_tasks(there, sent, contexts.keys(), images)
    standing = {task_id: str(reason) for task_id, reason in before.select("label_studio_task_id", "reason").iter_rows()}
    news = [(task_id, reason, True) for task_id, reason in now.items() if standing.get(task_id) != reason]
    news += [(task_id, reason, False) for task_id, reason in standing.items() if task_id not in now]
    columns = ["label_studio_task_id", "reason", "is_there"]
    rows = pl.DataFrame(news, schema=columns, orient="row").with_columns(label_studio_project_id=pl.lit(project_id, pl.Int64))
    return check(ForeignTask, rows) if news else empty(ForeignTask)
