"""Experiments and runs in MLflow: found by key, restored if deleted, or created again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline_tasks.clients.mlflow_api import MlflowApi
from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.records.mirrored_model import MirroredModel

CYCLE_KEY = "nightlens.cycle_key"
_MAX_METRICS = 1000
"""MLflow's limit for one call."""
_EPOCH_MS = 1000
_ACTIVE, _DELETED = "ACTIVE_ONLY", "DELETED_ONLY"


@dataclass(frozen=True)
class TrackedRun:
    """A training run in MLflow."""

    run_id: str
    experiment_id: str
    url: str
    """Its page."""
    artifact_uri: str
    started_at_ms: int
    notes: tuple[str, ...] = ()
    """Things deleted in MLflow that were brought back; empty if nothing."""


class MlflowRuns:
    """Runs of one server."""

    def __init__(self, api: MlflowApi) -> None:
        """Use this server."""
        self._api = api

    def find_or_start(self, name: str, cycle_key: str, params: Mapping[str, Json], tags: Mapping[str, str]) -> TrackedRun:
        """Find or create the run of a cycle, and set it running again if it had ended."""
        run, notes = self._find(name, cycle_key)
        run = run or self._create(self._experiment(name, notes), cycle_key)
        self._describe(run, cycle_key, params, tags, notes)
        if run["info"]["status"] != "RUNNING":
            self._api.post("runs/update", {"run_id": run["info"]["run_id"], "status": "RUNNING"})
        return self._tracked(run, notes)

    def show(self, model: MirroredModel) -> TrackedRun:
        """Find the run of a model that was trained before; one that is gone is made again from what the ledger has."""
        recorded = None if model.run_id is None else self._api.find("runs/get", run_id=model.run_id)
        if recorded is not None and recorded["run"]["info"]["lifecycle_stage"] == "active":
            shown = self._tracked(recorded["run"], [])
        else:
            found, notes = self._find(model.name, model.cycle_key)
            shown = self._tracked(found, notes) if found is not None else self._made_again(model, notes)
        self.log_metrics(shown, [(0, model.metrics)])
        return shown

    def _made_again(self, model: MirroredModel, notes: list[str]) -> TrackedRun:
        run = self._create(self._experiment(model.name, notes), model.cycle_key)
        notes.append(f"MLflow: the run of {model.cycle_key} was not there; made from the ledger, without its curves over epochs")
        self._describe(run, model.cycle_key, model.params, model.tags, notes)
        made = self._tracked(run, notes)
        self.log_dataset(made.run_id, model.name, model.dataset_id, model.dataset_source)
        self.end(made.run_id)
        return made

    def get(self, run_id: str) -> TrackedRun:
        """A run by its id; raises ServiceRefusedError if there is none."""
        return self._tracked(self._api.get("runs/get", run_id=run_id)["run"], [])

    def log_dataset(self, run_id: str, name: str, dataset_id: str, source: str) -> None:
        """Record the dataset that a run trains on, by name and digest; no rows are sent."""
        # MLflow keeps at most 36 characters of a digest; the whole dataset_id is a tag.
        dataset = {"name": name, "digest": dataset_id[:36], "source_type": "nightlens", "source": source}
        tags = [{"key": "mlflow.data.context", "value": "training"}]
        self._api.post("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]})

    def log_metrics(self, run: TrackedRun, epochs: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Log each epoch's metrics; a repeated point is not doubled, because its time derives from run and epoch."""
        points = [
            {"key": key, "value": value, "timestamp": run.started_at_ms + epoch * _EPOCH_MS, "step": epoch}
            for epoch, metrics in epochs
            for key, value in metrics.items()
        ]
        for start in range(0, len(points), _MAX_METRICS):
            self._api.post("runs/log-batch", {"run_id": run.run_id, "metrics": points[start : start + _MAX_METRICS]})

    def end(self, run_id: str, *, is_success: bool = True) -> None:
        """Mark a run as ended."""
        fields = {"run_id": run_id, "status": "FINISHED" if is_success else "FAILED", "end_time": int(time.time() * 1000)}
        self._api.post("runs/update", fields)

    def _find(self, name: str, cycle_key: str) -> tuple[JsonObject | None, list[str]]:
        """The oldest run of the cycle, else one from MLflow's bin; two simultaneous tries may have created two."""
        notes: list[str] = []
        experiment_id = self._experiment(name, notes)
        fields = {
            "experiment_ids": [experiment_id],
            "filter": f"tags.`{CYCLE_KEY}` = '{cycle_key}'",
            "order_by": ["attributes.start_time ASC"],
            "max_results": 1,
        }
        for view in (_ACTIVE, _DELETED):
            found: list[JsonObject] = self._api.post("runs/search", fields | {"run_view_type": view}).get("runs", [])
            if found and view == _DELETED:
                self._api.post("runs/restore", {"run_id": found[0]["info"]["run_id"]})
                notes.append(f"MLflow: the run of {cycle_key} had been deleted there; restored")
            if found:
                return found[0], notes
        return None, notes

    def _experiment(self, name: str, notes: list[str]) -> str:
        """The project's experiment; another try may create it at the same time. A deleted one keeps its name, so it is restored."""
        found = self._api.find("experiments/get-by-name", experiment_name=name)
        if found is None:
            created = self._api.make("experiments/create", {"name": name})
            if created is not None:
                return str(created["experiment_id"])
            found = self._api.get("experiments/get-by-name", experiment_name=name)
        experiment_id = str(found["experiment"]["experiment_id"])
        if found["experiment"]["lifecycle_stage"] != "active":
            self._api.post("experiments/restore", {"experiment_id": experiment_id})
            notes.append(f"MLflow: the experiment {name} had been deleted there; restored")
        return experiment_id

    def _create(self, experiment_id: str, cycle_key: str) -> JsonObject:
        fields = {
            "experiment_id": experiment_id,
            "run_name": cycle_key,
            "start_time": int(time.time() * 1000),
            "tags": pairs({CYCLE_KEY: cycle_key}),
        }
        created: JsonObject = self._api.post("runs/create", fields)["run"]
        return created

    def _describe(
        self, run: JsonObject, cycle_key: str, params: Mapping[str, Json], tags: Mapping[str, str], notes: list[str]
    ) -> None:
        """Set tags and parameters; parameters never change in MLflow, so those of a run from another life of the project stay."""
        run_id = run["info"]["run_id"]
        self._api.post("runs/log-batch", {"run_id": run_id, "tags": pairs({**tags, CYCLE_KEY: cycle_key})})
        try:
            self._api.post("runs/log-batch", {"run_id": run_id, "params": pairs(params)})
        except ServiceRefusedError as error:
            notes.append(f"{error}. The run of {cycle_key} keeps the parameters that it had")

    def _tracked(self, run: JsonObject, notes: list[str]) -> TrackedRun:
        info = run["info"]
        url = f"{self._api.page_url}/#/experiments/{info['experiment_id']}/runs/{info['run_id']}"
        return TrackedRun(
            info["run_id"], info["experiment_id"], url, info["artifact_uri"], int(info["start_time"]), notes=tuple(notes)
        )


def pairs(values: Mapping[str, Json]) -> list[dict[str, str]]:
    """Keys and values as MLflow takes them."""
    return [{"key": key, "value": str(value)} for key, value in values.items()]
