"""Client of Airflow's public API for the demo: start a DAG run, watch its tasks, read why one failed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

from demo.errors import DemoError

OVER = ("success", "failed")


@dataclass(frozen=True)
class TaskState:
    """One task of a run, or one shard of a mapped task."""

    task_id: str
    map_index: int
    state: str
    try_number: int
    seconds: float
    """Seconds of work; not all of a deferred task's waiting is included."""
    pid: int | None = None
    """Its process id, while it runs on this machine."""


class Airflow:
    """A session with one Airflow server."""

    def __init__(self, url: str, user: str, password: str, transport: httpx.BaseTransport | None = None) -> None:
        """Log in at the first call, and again when the token expires; tests pass their own transport."""
        self.url = url
        self._login = {"username": user, "password": password}
        self._client = httpx.Client(base_url=url, timeout=90, trust_env=False, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def wait_for_dag(self, dag_id: str, within_s: float = 120) -> None:
        """Wait until Airflow has parsed the DAG, and unpause it.

        Raises:
            DemoError: it does not appear in time.
        """
        until = time.monotonic() + within_s
        while self._ask("GET", f"/api/v2/dags/{dag_id}", also_fine=404).status_code == 404:
            if time.monotonic() > until:
                raise DemoError(f"Airflow at {self.url} has not read the DAG {dag_id} within {within_s:.0f} s; see `make logs`")
            time.sleep(1)
        self._ask("PATCH", f"/api/v2/dags/{dag_id}?update_mask=is_paused", json={"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a DAG run; returns its id."""
        response = self._ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf or {}})
        return str(response.json()["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """A DAG run: its state, start, end and so on."""
        fields: dict[str, Any] = self._ask("GET", _run(dag_id, run_id)).json()
        return fields

    def runs_by_assets(self, dag_id: str) -> list[str]:
        """Ids of the runs that events of assets have started, the newest first."""
        response = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns?run_type=asset_triggered&order_by=-run_after&limit=100")
        return [run["dag_run_id"] for run in response.json()["dag_runs"]]

    def open_runs(self, dag_id: str) -> list[str]:
        """Ids of the DAG's runs that are queued or running."""
        response = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns?state=running&state=queued&limit=100")
        return [run["dag_run_id"] for run in response.json()["dag_runs"]]

    def fail(self, dag_id: str, run_id: str) -> None:
        """Mark a run as failed."""
        self._ask("PATCH", f"{_run(dag_id, run_id)}?update_mask=state", json={"state": "failed"})

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        """All tasks of a run in their current state."""
        listed = self._ask("GET", f"{_run(dag_id, run_id)}/taskInstances?limit=500").json()["task_instances"]
        return [
            TaskState(
                one["task_id"],
                one["map_index"],
                one["state"] or "none",
                one["try_number"],
                one["duration"] or 0.0,
                one.get("pid"),
            )
            for one in listed
        ]

    def log_end(self, dag_id: str, run_id: str, task: TaskState, lines: int = 15) -> list[str]:
        """The last lines of a task's newest log."""
        where = f"{_run(dag_id, run_id)}/taskInstances/{task.task_id}/logs/{max(1, task.try_number)}"
        response = self._ask("GET", f"{where}?map_index={task.map_index}", also_fine=404)
        if response.status_code == 404:
            return ["(there is no log)"]
        content = response.json().get("content", [])
        return [line for one in content for line in _said(one)][-lines:]

    def _ask(self, method: str, path: str, also_fine: int | None = None, **request: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **request)
            if response.status_code == 401:
                token = self._client.post("/auth/token", json=self._login).raise_for_status().json()["access_token"]
                self._client.headers["Authorization"] = f"Bearer {token}"
                response = self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise AirflowAwayError(f"Airflow at {self.url} does not answer: {type(error).__name__}: {error}") from error
        if response.status_code >= 500:
            raise AirflowAwayError(f"Airflow at {self.url} answered {method} {path} with {response.status_code}")
        if response.is_error and response.status_code != also_fine:
            raise DemoError(f"Airflow at {self.url} answered {method} {path} with {response.status_code}: {response.text[:300]}")
        return response


class AirflowAwayError(DemoError):
    """Airflow does not respond at the moment; a retry may succeed."""


def _run(dag_id: str, run_id: str) -> str:
    return f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"


def _said(entry: Any) -> list[str]:
    """Lines of one entry of a structured log, with the last lines of an error."""
    if not isinstance(entry, dict):
        return [str(entry)]
    details = entry.get("error_detail") or []
    errors = [f"{one.get('exc_type')}: {one.get('exc_value')}" for one in details if isinstance(one, dict)]
    return [str(entry.get("event", "")), *errors]
