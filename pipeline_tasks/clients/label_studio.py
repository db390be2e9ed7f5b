"""Label Studio client for the stages: looks things up before it creates them, and verifies imports by counting."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from pipeline_tasks.clients import label_studio_views
from pipeline_tasks.clients.label_studio_connection import Connection
from pipeline_tasks.clients.label_studio_errors import NotThereError
from pipeline_tasks.clients.label_studio_filters import IS_ANNOTATED, in_round
from pipeline_tasks.clients.label_studio_projects import project_fields, set_fields
from pipeline_tasks.clients.label_studio_tasks import task_there
from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.records.task_there import TaskThere

TaskData = Mapping[str, str | int]
"""Data of a labeling task: image address, image_id, task_key, round_id; never its purpose."""
Prediction = Mapping[str, Json]
"""A prediction that is shown with a task: `result`, `score`, `model_version`."""

_PAGE_TASKS = 500
_COUNTS = "total_annotations,cancelled_annotations,draft_exists"
_ANNOTATION_FIELDS = "id,data,updated_at,annotations,result,was_cancelled,completed_by,lead_time,created_at,ground_truth,import_id"
"""Fields are requested by name, so that no annotator's name or e-mail address is ever fetched."""
_NO_FILE = "^nothing is ever synced from here$"


class LabelStudio:
    """One Label Studio server, used with the service's own account."""

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        settle_s: float = 30.0,
    ) -> None:
        """Connect lazily. `settle_s`: seconds that an import may take to appear after its response was lost.

        Raises:
            SettingsError: there is no token.
        """
        self._connection = Connection(url, token, transport=transport)
        self._sleep = sleep
        self._settle_s = settle_s

    def __enter__(self) -> LabelStudio:
        """Return the client; its connections end with the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self._connection.close()

    def find_or_create_project(
        self, outside_name: str, label_config: str, label_config_digest: str, *, holds: tuple[int, str] | None = None
    ) -> int:
        """The id of the one Label Studio project for a project and a label configuration.

        The project is found by a key in its description, so people may rename it. If they took the key out, it is `holds`: the
        project with this id that still has tasks of this round. If two are created at once, the first is kept.
        """
        key = f"nightlens:{outside_name}:{label_config_digest}"
        found = self._projects_with(key)
        if not found and holds is not None and self._holds_round(*holds):
            return holds[0]
        if not found:
            made = self._connection.post("api/projects", project_fields(outside_name, label_config, label_config_digest, key))
            found = self._projects_with(key) or [made["id"]]
            if found[0] != made["id"]:
                self._connection.delete(f"api/projects/{made['id']}")
        return found[0]

    def count_tasks(self, project_id: int) -> int | None:
        """Number of tasks in a project; None if the project was deleted."""
        try:
            return int(self._connection.get(f"api/projects/{project_id}", include="id,task_number")["task_number"])
        except NotThereError:
            return None

    def tasks_there(self, project_id: int) -> list[TaskThere]:
        """Every task in a project, whoever made it."""
        return [task_there(task) for task in self._tasks(project_id, [], fields="task_only", include=f"id,data,{_COUNTS}")]

    def label_config(self, project_id: int) -> str:
        """The form as it stands in Label Studio, which people may have edited."""
        return str(self._connection.get(f"api/projects/{project_id}", include="id,label_config")["label_config"])

    def connect_local_files(self, project_id: int, folder: Path) -> None:
        """Let annotators of the project see the images in a folder below Label Studio's document root; syncs nothing."""
        stored = self._connection.get("api/storages/localfiles", project=project_id)
        if str(folder) not in [storage["path"] for storage in stored]:
            wanted = {"path": str(folder), "project": project_id, "use_blob_urls": True, "regex_filter": _NO_FILE}
            self._connection.post("api/storages/localfiles", wanted | {"title": "Images for people (do not sync)"})

    def find_or_create_view(self, project_id: int, round_id: str, title: str = "") -> int:
        """The id of the saved view (tab) that shows one labeling round; a new one becomes the first tab."""
        return label_studio_views.find_or_create_view(self._connection, project_id, round_id, title or round_id)

    def find_or_create_person_view(self, project_id: int, name: str) -> int:
        """The id of the saved view (tab) that shows the open tasks of one person."""
        return label_studio_views.find_or_create_person_view(self._connection, project_id, name)

    def round_url(self, project_id: int, view_id: int) -> str:
        """The address at which people open a tab."""
        return f"{self._connection.url}/projects/{project_id}/data?tab={view_id}"

    def show_predictions(self, project_id: int, model_version: str) -> None:
        """Let people see predictions of this one version; Label Studio refuses one that no prediction of the project has."""
        set_fields(self._connection, project_id, {"show_collab_predictions": True, "model_version": model_version})

    def show_form(self, project_id: int, label_config: str) -> None:
        """Show people this form, which asks the same and may look different."""
        set_fields(self._connection, project_id, {"label_config": label_config})

    def show_guideline(self, project_id: int, html: str) -> None:
        """Show people this text before they begin, and whenever they ask for instructions."""
        set_fields(self._connection, project_id, {"expert_instruction": html, "show_instruction": True})

    def import_tasks(
        self,
        project_id: int,
        round_id: str,
        tasks: Sequence[TaskData],
        *,
        annotations: Mapping[str, list[JsonObject]] | None = None,
        predictions: Mapping[str, Prediction] | None = None,
    ) -> dict[str, int]:
        """Import each labeling task into a round exactly once; return task_key → Label Studio's task id.

        Tasks are listed before and after; the import's own response is not trusted, and nothing is sent again in this try.
        `annotations`: task_key → annotations that come with it, as when a deleted project is made again; `predictions`:
        task_key → prediction that people see when they open the task. They go with a doubled task, so they are there once, too.

        Raises:
            ServiceUnavailableError: tasks are still missing; trying again imports only those.
        """
        there = self._ids_by_key(project_id, round_id)
        missing = [task for task in tasks if task["task_key"] not in there]
        after_id = _highest(there)
        for start in range(0, len(missing), _PAGE_TASKS):
            sent = [_sent(one, annotations or {}, predictions or {}) for one in missing[start : start + _PAGE_TASKS]]
            after_id = self._import(project_id, round_id, sent, after_id)
        there = self._ids_by_key(project_id, round_id) if missing else there
        return {str(task["task_key"]): self._keep_one(there[str(task["task_key"])]) for task in tasks}

    def progress(self, project_id: int, round_id: str | None) -> tuple[int, int]:
        """Tasks, and annotated or skipped ones, of one round or of the whole project."""
        filters = [] if round_id is None else [in_round(round_id)]
        pages = [self._page(project_id, [*filters, *more], page_size=1, include="id") for more in ([], [IS_ANNOTATED])]
        return int(pages[0]["total"]), int(pages[1]["total"])

    def count_annotated_tasks(self, project_id: int, round_id: str) -> int:
        """Number of tasks in a round that were annotated or skipped; one light call."""
        page = self._page(project_id, [in_round(round_id), IS_ANNOTATED], page_size=1, include="id")
        return int(page["total"])

    def count_annotations(self, project_id: int) -> int:
        """Number of annotations and skips in the whole Label Studio project; one light call."""
        include = "id,total_annotations_number,skipped_annotations_number"
        counts = self._connection.get(f"api/projects/{project_id}", include=include)
        return int(counts["total_annotations_number"]) + int(counts["skipped_annotations_number"])

    def changed_since(self, project_id: int, moment: str | None) -> list[JsonObject]:
        """Tasks that changed after an ISO moment (None: all tasks), each with all its annotations."""
        return list(self.each_changed_since(project_id, moment))

    def each_changed_since(self, project_id: int, moment: str | None) -> Iterator[JsonObject]:
        """The same one after the other: masks of many tasks do not fit into memory."""
        changed = {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": moment}
        include = f"{_ANNOTATION_FIELDS},{_COUNTS}"
        return self._tasks(project_id, [] if moment is None else [changed], fields="all", include=include)

    def has_annotation(self, annotation_number: int) -> bool:
        """Return True if the annotation has not been deleted."""
        try:
            self._connection.get(f"api/annotations/{annotation_number}")
        except NotThereError:
            return False
        return True

    def remove_copies(self, task_ids: Sequence[int]) -> int:
        """Delete doubles of tasks that nobody has touched, each looked at once more before; returns their number."""
        return sum(self._remove_untouched(task_id) for task_id in task_ids)

    def set_data(self, task_id: int, data: Mapping[str, Any]) -> None:
        """Replace the data of a task that people edited."""
        self._connection.patch(f"api/tasks/{task_id}", {"data": dict(data)})

    def note_on(self, task_id: int, column: str, text: str) -> None:
        """Show people a text in a column of a task; a task that no longer exists is not an error."""
        try:
            data = self._connection.get(f"api/tasks/{task_id}")["data"]
        except NotThereError:
            return
        if data.get(column, "") != text:
            self.set_data(task_id, {**data, column: text})

    def put_annotation(self, task_id: int, annotation_number: int, content: JsonObject) -> None:
        """Make an annotation again that the server lost; it keeps its earlier number as its `import_id`."""
        self._connection.post(f"api/tasks/{task_id}/annotations", content | {"import_id": annotation_number})

    def set_annotation(self, annotation_number: int, content: JsonObject) -> None:
        """Set an annotation to a later revision that the server lost."""
        self._connection.patch(f"api/annotations/{annotation_number}", content)

    def delete_tasks(self, task_ids: Sequence[int]) -> None:
        """Delete tasks with all their annotations; tasks that no longer exist are not an error."""
        for task_id in task_ids:
            self._connection.delete(f"api/tasks/{task_id}")

    def delete_tasks_of(self, project_ids: Collection[int], image_ids: Collection[str]) -> None:
        """Delete every task of these projects that names one of the images; one that no longer exists is not an error."""
        for project_id in project_ids:
            there = [] if self.count_tasks(project_id) is None else self.tasks_there(project_id)
            self.delete_tasks([task.task_id for task in there if task.image_id in image_ids])

    def _holds_round(self, project_id: int, round_id: str) -> bool:
        """Return True if the project exists and has tasks of the round."""
        try:
            return bool(self._page(project_id, [in_round(round_id)], page_size=1, include="id")["total"])
        except NotThereError:
            return False

    def _projects_with(self, key: str) -> list[int]:
        """Ids of the projects with a key, oldest first."""
        found, page = [], 1
        while True:
            listed = self._connection.get("api/projects", include="id,description", page=page, page_size=100)
            found += [project["id"] for project in listed["results"] if key in (project.get("description") or "").split()]
            if not listed["next"]:
                return sorted(found)
            page += 1

    def _import(self, project_id: int, round_id: str, sent: Sequence[JsonObject], after_id: int) -> int:
        """Import tasks and wait until Label Studio lists all of them; returns the highest number of a task that was listed."""
        lost: ServiceUnavailableError | None = None
        try:
            self._connection.post(f"api/projects/{project_id}/import", sent)
        except ServiceUnavailableError as error:
            lost = error
        wanted, waited_s = {str(task["data"]["task_key"]) for task in sent}, 0.0
        # First only behind all that was there; whatever that misses is looked for among all.
        there = self._ids_by_key(project_id, round_id, after_id)
        while absent := wanted - there.keys():
            if waited_s >= self._settle_s:
                raise ServiceUnavailableError(
                    f"label_studio: {self._connection.url} shows {len(wanted) - len(absent)} of {len(wanted)} tasks that were "
                    f"imported into project {project_id} for {round_id}; trying again imports only what is missing"
                ) from lost
            self._sleep(2.0)
            waited_s += 2.0
            there = self._ids_by_key(project_id, round_id)
        return max(after_id, _highest(there))

    def _ids_by_key(self, project_id: int, round_id: str, after_id: int = 0) -> dict[str, list[tuple[bool, int]]]:
        """task_key → (is not annotated, task id) of each task with this key in the round, behind a number."""
        include = "id,data,total_annotations,cancelled_annotations"
        ids: dict[str, list[tuple[bool, int]]] = {}
        for task in self._tasks(project_id, [in_round(round_id)], fields="task_only", include=include, after_id=after_id):
            is_unannotated = task["total_annotations"] + task["cancelled_annotations"] == 0
            ids.setdefault(str(task["data"].get("task_key")), []).append((is_unannotated, task["id"]))
        return ids

    def _keep_one(self, copies: Sequence[tuple[bool, int]]) -> int:
        """Of several tasks with one key keep an annotated one, else the oldest; delete only tasks without annotations."""
        kept, *others = sorted(copies)
        self.remove_copies([task_id for is_unannotated, task_id in others if is_unannotated])
        return kept[1]

    def _remove_untouched(self, task_id: int) -> bool:
        """Delete a task unless somebody touched it since it was listed."""
        try:
            task = self._connection.get(f"api/tasks/{task_id}")
        except NotThereError:
            return False
        is_untouched = not task.get("annotations") and not task.get("drafts")
        if is_untouched:
            self._connection.delete(f"api/tasks/{task_id}")
        return is_untouched

    def _tasks(
        self, project_id: int, filters: Sequence[Any], *, fields: str, include: str, after_id: int = 0
    ) -> Iterator[JsonObject]:
        """All tasks that pass the filters, by id; each page starts after the last id, so that none is missed."""
        last_id, is_more = after_id, True
        while is_more:
            behind = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last_id}
            page = self._page(project_id, [*filters, behind], page_size=_PAGE_TASKS, fields=fields, include=include)
            tasks = page["tasks"]
            yield from tasks
            is_more = 0 < len(tasks) < page["total"]
            last_id = tasks[-1]["id"] if tasks else last_id

    def _page(self, project_id: int, filters: Sequence[Any], **parameters: Any) -> JsonObject:
        query = {"filters": {"conjunction": "and", "items": list(filters)}, "ordering": ["tasks:id"]}
        page: JsonObject = self._connection.get("api/tasks", project=project_id, query=json.dumps(query), **parameters)
        return page


def _sent(data: TaskData, annotations: Mapping[str, list[JsonObject]], predictions: Mapping[str, Prediction]) -> JsonObject:
    """A task as it is imported, with what comes with it."""
    key = str(data["task_key"])
    given: JsonObject = {"annotations": annotations[key]} if annotations.get(key) else {}
    return {"data": dict(data)} | given | ({"predictions": [predictions[key]]} if key in predictions else {})


def _highest(ids: Mapping[str, Sequence[tuple[bool, int]]]) -> int:
    return max((task_id for copies in ids.values() for _, task_id in copies), default=0)
