"""Operators that push images to CVAT exactly once, and pull annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, ObjectStoragePath, XComArg

from nightlens_airflow.cvat.hook import CvatHook
from nightlens_airflow.cvat.job_folder import JobFolder
from nightlens_airflow.label_studio.hook import airflow_errors

if TYPE_CHECKING:
    from airflow.sdk import Context

    from pipeline_tasks.json_values import JsonObject

RETRIES = 3


class CvatOperator(BaseOperator):
    """Parts of all operators of CVAT: the connection and retries."""

    def __init__(self, *, cvat_conn_id: str = CvatHook.default_conn_name, **arguments: Any) -> None:
        """Use this Airflow connection."""
        super().__init__(**({"retries": RETRIES} | arguments))
        self.cvat_conn_id = cvat_conn_id


class CvatPushImagesOperator(CvatOperator):
    """Makes the CVAT task of a batch exactly once, even if a response is lost or the Airflow task is retried; returns its id."""

    template_fields: Sequence[str] = ("images", "labels", "batch", "cvat_conn_id")

    def __init__(
        self,
        *,
        images: Sequence[str] | XComArg,
        labels: Sequence[Mapping[str, Any]],
        batch: str = "{{ dag.dag_id }} {{ run_id }}",
        images_a_job: int = 50,
        **arguments: Any,
    ) -> None:
        """`images` are addresses that CVAT can read, `labels` as in its API (`name`, `type`), `batch` is the task's name there."""
        super().__init__(**arguments)
        self.images, self.labels, self.batch, self.images_a_job = images, labels, batch, images_a_job

    def execute(self, context: Context) -> int:
        """Push."""
        if isinstance(self.images, str | XComArg) or not self.images:
            raise ValueError(
                f"wanted a list of addresses of images, found {self.images!r}; render_template_as_native_obj keeps lists"
            )
        with airflow_errors():
            server = CvatHook(self.cvat_conn_id).get_conn()
            return server.push(self.batch, [dict(one) for one in self.labels], list(self.images), self.images_a_job)


class CvatPullAnnotationsOperator(CvatOperator):
    """Writes each new or edited image of a task's completed jobs to an append-only folder; returns counts and the folder."""

    template_fields: Sequence[str] = ("task_id_in_cvat", "folder", "cvat_conn_id")

    def __init__(self, *, task_id_in_cvat: int | str | XComArg, folder: str, **arguments: Any) -> None:
        """`folder` is a path or an address that Airflow's object storage knows, such as `s3://bucket/annotations`."""
        super().__init__(**arguments)
        self.task_id_in_cvat, self.folder = task_id_in_cvat, folder

    def execute(self, context: Context) -> JsonObject:
        """Pull."""
        with airflow_errors():
            server = CvatHook(self.cvat_conn_id).get_conn()
            pulled = JobFolder(ObjectStoragePath(self.folder)).pull(server, int(str(self.task_id_in_cvat)))
        return vars(pulled) | {"folder": self.folder}
