"""One look at all Label Studio projects of a project: compares, mends, and tells what changed since the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from pipeline_tasks.annotations.changes import NotOurs
from pipeline_tasks.annotations.parsing import AnnotationRevision, TaskContext
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.labeling_rounds.comparing import AnnotationsFound, Contexts, Known, compare_annotations
from pipeline_tasks.labeling_rounds.foreign import foreign_news, has_other_tasks
from pipeline_tasks.labeling_rounds.mending import Mended, lost_tasks, mend, untouched_copies
from pipeline_tasks.records.task_there import TaskThere
from pipeline_tasks.storage.blobs.annotation_log import AnnotationLog
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.table import empty


@dataclass(frozen=True)
class Look:
    """All that one look found."""

    revisions: list[AnnotationRevision] = field(default_factory=list)
    lost: list[TaskContext] = field(default_factory=list)
    """Tasks that vanished since the last look."""
    foreign: pl.DataFrame = field(default_factory=lambda: empty(ForeignTask))
    """Rows of `ForeignTask`: tasks that came or went since the last look."""
    not_ours: NotOurs = field(default_factory=lambda: NotOurs(0, 0))
    mended: Mended = field(default_factory=Mended)
    gone: list[int] = field(default_factory=list)
    """Projects that were deleted."""

    def __add__(self, other: Look) -> Look:
        """Both looks together."""
        by_hand = self.not_ours.by_hand + other.not_ours.by_hand
        return Look(
            self.revisions + other.revisions,
            self.lost + other.lost,
            pl.concat([self.foreign, other.foreign]),
            NotOurs(by_hand, self.not_ours.image_replaced + other.not_ours.image_replaced),
            self.mended + other.mended,
            self.gone + other.gone,
        )


@dataclass(frozen=True)
class Looking:
    """The beginning of a look: the state that the last one left."""

    store: Store
    label_studio: LabelStudio
    known: Known
    compare_all_up_to_tasks: int
    """Of a larger project only changes are fetched as long as the counts agree."""
    looks: dict[int, str]
    """Label Studio project id → newest change seen in it; the look writes it anew."""

    def look(self, contexts: Mapping[int, Contexts], counts: Mapping[int, int | None]) -> Look:
        """Look at every project; `counts` has each one's number of tasks, None if it was deleted."""
        lost_before = set(self.store.history(LostTask, ["task_key"])["task_key"])
        foreign = self.store.current(ForeignTask).filter("is_there")
        seen = Look()
        for project_id, of_project in sorted(contexts.items()):
            # Annotations went with their task; they stay known, and are not looked for.
            open_now = {key: one for key, one in of_project.items() if key not in lost_before}
            count = counts[project_id]
            if count is None:
                seen += Look(lost=list(open_now.values()), gone=[project_id])
            else:
                here = foreign.filter(pl.col("label_studio_project_id") == project_id)
                seen += self._look_at(project_id, count, of_project, open_now, here)
        return seen

    def _look_at(self, project_id: int, count: int, contexts: Contexts, open_now: Contexts, foreign: pl.DataFrame) -> Look:
        """Look at one project that is there."""
        log = AnnotationLog(self.store.objects)
        known = {name: row for name, row in self.known.items() if row.task_key in open_now}
        since = self.looks.get(project_id) if count > self.compare_all_up_to_tasks else None
        found = compare_annotations(self.label_studio, project_id, contexts, known, log, since)
        there = self._all_tasks(project_id, count, open_now, foreign, found)
        look = Look(found.revisions, not_ours=found.not_ours, mended=mend(self.label_studio, contexts, found, there, log))
        if found.newest_change is not None:
            self.looks[project_id] = found.newest_change
        if there is None:
            return look
        removed = set(untouched_copies(there, contexts))
        left = [task for task in there if task.task_id not in removed]
        lost = lost_tasks(list(open_now.values()), contexts, left, found.replaced)
        gone = contexts.keys() - open_now.keys() | {one.task_key for one in lost}
        return replace(look, lost=lost, foreign=foreign_news(self.store, project_id, contexts, left, foreign, gone))

    def _all_tasks(
        self, project_id: int, count: int, open_now: Contexts, foreign: pl.DataFrame, found: AnnotationsFound
    ) -> list[TaskThere] | None:
        """All tasks of a project, if they were listed or others are there than at the last look."""
        if found.there is None and has_other_tasks(count, list(open_now.values()), foreign, found.not_ours.tasks):
            return self.label_studio.tasks_there(project_id)
        return found.there
