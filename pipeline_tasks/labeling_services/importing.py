"""Import of a service's results: all rows or none, each response once, an edited one as a revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline_tasks.annotations.parsing import AnnotationRevision, RecordedAnnotation, TaskContext, recorded_annotations, taken_back
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_services.collecting import contexts_of, imported_revisions
from pipeline_tasks.labeling_services.fields import UnreadableFieldError
from pipeline_tasks.labeling_services.pending import pending_responses, tasks_with_response
from pipeline_tasks.labeling_services.revising import annotation_name, revision_of_response
from pipeline_tasks.labeling_services.service import Results, ServiceResponse
from pipeline_tasks.labeling_services.services import service_of
from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.blobs.annotation_log import append_revision
from pipeline_tasks.storage.blobs.response_files import put_responses
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.labeling_task import LabelingTask

MOST_SHOWN = 20


@dataclass(frozen=True)
class Imported:
    """Counts of one import."""

    service: str
    new: int = 0
    edited: int = 0
    taken_back: int = 0
    """Rejected after an earlier import."""
    unchanged: int = 0
    older: int = 0
    """Revisions before the one that is known."""
    left_out: int = 0
    """Rejected responses that were never imported."""
    unknown: int = 0
    """Responses about tasks that the project does not have, where these may be left out."""
    people: int = 0
    rounds: list[str] = field(default_factory=list)


def import_responses(
    store: Store, project: Project, service_name: str, files: Mapping[str, str], *, leaves_out_unknown: bool = False
) -> Imported:
    """Read the files (name → content), log what is new, and keep it for the next collection.

    `leaves_out_unknown`: responses about tasks that the project does not have, as of an erased image, are counted and left out.

    Raises:
        SettingsError: a row is not valid; nothing of any file is taken, and the message names each row.
    """
    kind = kind_of(project)
    service, results = service_of(service_name, kind.name), Results()
    for name, content in files.items():
        read = service.read(name, content, kind.name)
        results.responses += read.responses
        results.problems += read.problems
    taking = _Taking(store, project, service_name, kind.name, results, leaves_out_unknown)
    revisions = taking.revisions()
    if results.problems:
        more = f"\nand {len(results.problems) - MOST_SHOWN} more" if len(results.problems) > MOST_SHOWN else ""
        listed = "\n".join(results.problems[:MOST_SHOWN])
        raise SettingsError(f"nothing was imported, because of {len(results.problems)} responses or rows:\n{listed}{more}")
    for one in revisions:
        append_revision(store.objects, one.annotation_id, one.revision, one.content)
    if revisions:
        put_responses(store.objects, service_name, [_entry(one) for one in revisions])
    people, rounds = {one.annotator_id for one in revisions}, sorted({one.round_id for one in revisions})
    return replace(taking.counts, people=len(people), rounds=rounds)


def _entry(one: AnnotationRevision) -> ImportedResponse:
    return ImportedResponse(one.annotation_id, one.revision, one.task_key, one.round_id, is_taken_back=one.state == "deleted")


class _Taking:
    """Comparison of a file's responses with what is known of them."""

    def __init__(self, store: Store, project: Project, service: str, label_kind: str, results: Results, leaves_out: bool) -> None:
        self.store, self.project, self.service, self.label_kind = store, project, service, label_kind
        self.results, self.leaves_out = results, leaves_out
        self.counts = Imported(service)
        self._known = self._standing()
        self._places = _Places(store, {one.task_key for one in results.responses}, tasks_with_response(store))

    def revisions(self) -> list[AnnotationRevision]:
        """New, edited and taken back responses; each that is not valid becomes a problem."""
        found, seen = list[AnnotationRevision](), dict[str, str]()
        for response in sorted(self.results.responses, key=lambda one: (one.made_at, one.response_id)):
            name = annotation_name(self.service, response.response_id)
            if self.leaves_out and not self._places.has(response.task_key):
                self._count("unknown")
                continue
            try:
                if name in seen:
                    raise UnreadableFieldError(f"wanted each response once, found {response.response_id} also in {seen[name]}")
                seen[name] = response.where
                revision = self._revision(response, name)
            except UnreadableFieldError as error:
                self.results.problems.append(f"{response.where}: {error}")
                continue
            found += [] if revision is None else [revision]
        return found

    def _revision(self, response: ServiceResponse, name: str) -> AnnotationRevision | None:
        row = self._known.get(name)
        task_key = self._places.of(response, row)
        if response.is_rejected:
            is_standing = row is not None and row.state != "deleted"
            self._count("taken_back" if is_standing else "left_out")
            return taken_back(row) if row is not None and is_standing else None
        revision = revision_of_response(self.service, self.label_kind, response, self._places.contexts(self.project)[task_key])
        if row is None:
            self._count("new")
        elif row.revision == revision.revision:
            self._count("unchanged")
            return None
        elif revision.updated_at < row.updated_at:
            self._count("older")
            return None
        else:
            self._count("edited")
        return revision

    def _count(self, name: str) -> None:
        self.counts = replace(self.counts, **{name: getattr(self.counts, name) + 1})

    def _standing(self) -> dict[str, RecordedAnnotation]:
        """Responses of the file that are known, as they stand after all imports."""
        names = [annotation_name(self.service, one.response_id) for one in self.results.responses]
        recorded = recorded_annotations(self.store.rows_of(Annotation, names, "annotation_id"))
        waiting = [one for one in pending_responses(self.store).responses if one.annotation_id in set(names)]
        later = imported_revisions(self.store, self.project, waiting, recorded)
        return recorded | {one.annotation_id: one for one in later}


class _Places:
    """The labeling tasks about each image of the file: several responses about one are those of its copies."""

    def __init__(self, store: Store, task_keys: set[str], taken: set[str]) -> None:
        self._store, self._taken = store, taken
        columns = ["task_key", "round_id", "image_id", "purpose", "copy_number"]
        asked = store.rows_of(LabelingTask, sorted(task_keys), "task_key", columns=columns)
        around = store.rows_of(LabelingTask, asked["image_id"].unique(), columns=columns).sort("copy_number", "task_key")
        self._groups: dict[tuple[str, str, bool], list[str]] = {}
        for row in around.iter_rows(named=True):
            self._groups.setdefault(_group(row), []).append(row["task_key"])
        self._group_of = {row["task_key"]: self._groups[_group(row)] for row in asked.iter_rows(named=True)}
        self._contexts: dict[str, TaskContext] = {}

    def has(self, task_key: str) -> bool:
        """Return True if the project has this task."""
        return task_key in self._group_of

    def of(self, response: ServiceResponse, row: RecordedAnnotation | None) -> str:
        """The task that a response belongs to: its own, or the next one about the image that nobody has answered.

        Raises:
            UnreadableFieldError: no task has this key.
        """
        group = self._group_of.get(response.task_key)
        if group is None:
            raise UnreadableFieldError(f"wanted the key of a labeling task of this project, found {response.task_key[:80]!r}")
        if row is not None:
            return row.task_key
        free = [key for key in [response.task_key, *group] if key not in self._taken]
        chosen = free[0] if free else response.task_key
        if not response.is_rejected:
            self._taken.add(chosen)
        return chosen

    def contexts(self, project: Project) -> Mapping[str, TaskContext]:
        """Context of every task about these images."""
        if not self._contexts:
            self._contexts = contexts_of(self._store, project, {key for keys in self._groups.values() for key in keys})
        return self._contexts


def _group(row: Mapping[str, object]) -> tuple[str, str, bool]:
    return str(row["round_id"]), str(row["image_id"]), row["purpose"] == "gold"
