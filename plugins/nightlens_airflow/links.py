"""Link buttons of tasks: to the labeling round, the MLflow run, the registered version, the cycle's report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.execution_time.xcom import XCom

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class LabelingRoundLink(BaseOperatorLink):
    """Link to the cycle's labeling round in Label Studio."""

    name = "Labeling round"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """An address in Airflow that leads to where the round stands at that time; empty if nothing was sent.

        Airflow keeps a button's address when a task ends, and people may delete a project later, which is then made again.
        """
        was_sent = _from_summary(ti_key, "wait_for_annotators", "url") or _from_summary(ti_key, "send_to_labeling", "url")
        return _page("labeling_round", ti_key) if was_sent else ""


class MlflowRunLink(BaseOperatorLink):
    """Link to the training run in MLflow."""

    name = "MLflow run"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The address of the run, empty if nothing was trained."""
        return _from_summary(ti_key, "train_model", "mlflow_url")


class RegisteredVersionLink(BaseOperatorLink):
    """Link to the candidate in MLflow's model registry."""

    name = "Registered version"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The address of the version, empty if none was registered."""
        return _from_summary(ti_key, "export_model", "registry_url")


class CycleReportLink(BaseOperatorLink):
    """Link to the cycle's report."""

    name = "Cycle report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The address of the report's page in Airflow."""
        return _page("report", ti_key)


LINKS: tuple[type[BaseOperatorLink], ...] = (LabelingRoundLink, MlflowRunLink, RegisteredVersionLink, CycleReportLink)


def report_of_night(project: str, cycle_id: str) -> str:
    """The address in Airflow of the report of a night's cycle, whatever run asks."""
    return "/nightlens/report?" + urlencode({"dag_id": f"nightly__{project}", "cycle_id": cycle_id})


def _page(name: str, ti_key: TaskInstanceKey) -> str:
    """The address of a page of the plugin about a run."""
    return f"/nightlens/{name}?" + urlencode({"dag_id": ti_key.dag_id, "run_id": ti_key.run_id})


def _from_summary(ti_key: TaskInstanceKey, stage: str, field: str) -> str:
    """An address from the summary of another stage of the same run; an empty string shows no button."""
    summary: Any = XCom.get_one(key=BaseXCom.XCOM_RETURN_KEY, dag_id=ti_key.dag_id, task_id=stage, run_id=ti_key.run_id)
    address = summary.get(field) if isinstance(summary, dict) else None
    return address or ""
