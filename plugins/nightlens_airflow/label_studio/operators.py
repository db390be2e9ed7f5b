"""Operators that make a Label Studio project, push tasks exactly once, pull annotations, and export."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, ObjectStoragePath, XComArg

from nightlens_airflow.label_studio.annotation_folder import AnnotationFolder, Pulled
from nightlens_airflow.label_studio.hook import LabelStudioHook, airflow_errors
from nightlens_airflow.label_studio.link import LINK_KEY, LabelStudioProjectLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from pipeline_tasks.json_values import JsonObject

RETRIES = 3
"""Tries after the first: each of these operators may run again at any time."""


class LabelStudioOperator(BaseOperator):
    """Parts of all operators of Label Studio: the connection, retries, and the link button."""

    operator_extra_links = (LabelStudioProjectLink(),)

    def __init__(self, *, label_studio_conn_id: str = LabelStudioHook.default_conn_name, **arguments: Any) -> None:
        """Use this Airflow connection."""
        super().__init__(**({"retries": RETRIES} | arguments))
        self.label_studio_conn_id = label_studio_conn_id

    def show(self, context: Context, hook: LabelStudioHook, project_id: int) -> None:
        """Keep the address of the project for the link button."""
        context["ti"].xcom_push(key=LINK_KEY, value=f"{hook.address().url}/projects/{project_id}")


class LabelStudioConfigureProjectOperator(LabelStudioOperator):
    """Finds the project of a name and a labeling form, or creates it; returns its id.

    It is found by a key in its description, so people may rename it. Another form is another project, so that no annotation
    changes its meaning; with `keeps_project` the form of the one project is set instead, as far as Label Studio allows it.
    """

    template_fields: Sequence[str] = ("name", "label_config", "label_studio_conn_id")

    def __init__(self, *, name: str, label_config: str, keeps_project: bool = False, **arguments: Any) -> None:
        """`label_config` is Label Studio's XML."""
        super().__init__(**arguments)
        self.name, self.label_config, self.keeps_project = name, label_config, keeps_project

    def execute(self, context: Context) -> int:
        """Find or create."""
        hook = LabelStudioHook(self.label_studio_conn_id)
        digest = "one" if self.keeps_project else hashlib.sha256(self.label_config.encode()).hexdigest()
        with airflow_errors(), hook.get_conn() as client:
            project_id = client.find_or_create_project(self.name, self.label_config, digest)
            if self.keeps_project and client.label_config(project_id) != self.label_config:
                hook.requests().patch(f"api/projects/{project_id}", {"label_config": self.label_config})
        self.show(context, hook, project_id)
        return project_id


class LabelStudioPushTasksOperator(LabelStudioOperator):
    """Imports tasks exactly once, even if an import's answer is lost or the task is retried; returns Label Studio's ids by key.

    The project's tasks of the batch are listed before and after; the import's own answer is never trusted. Each task's data gets
    `task_key` and `round_id` (the batch), by which it is found again.
    """

    template_fields: Sequence[str] = ("project_id", "tasks", "tasks_path", "batch", "label_studio_conn_id")

    def __init__(
        self,
        *,
        project_id: int | str | XComArg,
        tasks: Sequence[Mapping[str, Any]] | None = None,
        tasks_path: str | None = None,
        batch: str = "{{ run_id }}",
        key_field: str | None = None,
        **arguments: Any,
    ) -> None:
        """`tasks` are data of tasks, or `tasks_path` names a JSON file of them; `key_field` names the field that identifies one."""
        super().__init__(**arguments)
        self.project_id, self.tasks, self.tasks_path = project_id, tasks, tasks_path
        self.batch, self.key_field = batch, key_field

    def execute(self, context: Context) -> dict[str, int]:
        """Push."""
        hook, project_id = LabelStudioHook(self.label_studio_conn_id), int(str(self.project_id))
        tasks = keyed_tasks(read_tasks(self.tasks, self.tasks_path), self.batch, self.key_field)
        with airflow_errors(), hook.get_conn() as client:
            ids = client.import_tasks(project_id, self.batch, tasks)
        self.show(context, hook, project_id)
        return ids


class LabelStudioPullAnnotationsOperator(LabelStudioOperator):
    """Writes every new, edited and deleted annotation to an append-only folder; returns counts and the folder.

    Fetches what changed since the last pull, with an overlap; if the counts then disagree, or `compares_all`, all annotations.
    """

    template_fields: Sequence[str] = ("project_id", "folder", "label_studio_conn_id")

    def __init__(self, *, project_id: int | str | XComArg, folder: str, compares_all: bool = False, **arguments: Any) -> None:
        """`folder` is a path or an address that Airflow's object storage knows, such as `s3://bucket/annotations`."""
        super().__init__(**arguments)
        self.project_id, self.folder, self.compares_all = project_id, folder, compares_all

    def execute(self, context: Context) -> JsonObject:
        """Pull."""
        hook, project_id = LabelStudioHook(self.label_studio_conn_id), int(str(self.project_id))
        with airflow_errors(), hook.get_conn() as client:
            pulled: Pulled = AnnotationFolder(ObjectStoragePath(self.folder)).pull(
                client, project_id, compares_all=self.compares_all
            )
        self.show(context, hook, project_id)
        return vars(pulled) | {"folder": self.folder}


class LabelStudioExportOperator(LabelStudioOperator):
    """Writes an export in one of Label Studio's formats, such as JSON, COCO or YOLO, to a file; returns its size in bytes."""

    template_fields: Sequence[str] = ("project_id", "path", "export_type", "label_studio_conn_id")

    def __init__(self, *, project_id: int | str | XComArg, path: str, export_type: str = "JSON", **arguments: Any) -> None:
        """`path` is a path or an address that Airflow's object storage knows."""
        super().__init__(**arguments)
        self.project_id, self.path, self.export_type = project_id, path, export_type

    def execute(self, context: Context) -> int:
        """Export."""
        hook, project_id = LabelStudioHook(self.label_studio_conn_id), int(str(self.project_id))
        with airflow_errors():
            content = hook.requests().download(f"api/projects/{project_id}/export", exportType=self.export_type)
        file = ObjectStoragePath(self.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self.show(context, hook, project_id)
        return len(content)


def read_tasks(tasks: Sequence[Mapping[str, Any]] | None, path: str | None) -> Sequence[Mapping[str, Any]]:
    """The tasks' data as given, or from a JSON file."""
    if (tasks is None) == (path is None):
        raise ValueError("wanted either tasks or tasks_path")
    read = tasks if tasks is not None else json.loads(ObjectStoragePath(str(path)).read_text())
    if isinstance(read, str) or not isinstance(read, Sequence) or not all(isinstance(one, Mapping) for one in read):
        raise ValueError(
            f"wanted a list of the tasks' data, found {type(read).__name__}; render_template_as_native_obj keeps lists"
        )
    return read


def keyed_tasks(tasks: Sequence[Mapping[str, Any]], batch: str, key_field: str | None) -> list[dict[str, Any]]:
    """The tasks with their keys; equal tasks are one."""
    keyed: dict[str, dict[str, Any]] = {}
    for data in tasks:
        said = dict(data) if key_field is None else data[key_field]
        key = hashlib.sha256(json.dumps([batch, said], sort_keys=True).encode()).hexdigest()
        keyed[key] = dict(data) | {"task_key": key, "round_id": batch}
    return list(keyed.values())
