"""Model registry and runs in MLflow: a mirror for people. The ledger is authoritative; nothing is ever loaded from MLflow.

Everything is first looked up by a key derived from the cycle, so that a second try finds what the first one created.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import httpx

from pipeline_tasks.clients.mlflow_api import MlflowApi
from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.json_values import Json, JsonObject

CYCLE_KEY = "nightlens.cycle_key"
MODEL_DIGEST = "nightlens.model_digest"
_MAX_METRICS = 1000
"""MLflow's limit for one call."""
_EPOCH_MS = 1000


@dataclass(frozen=True)
class TrackedRun:
    """A training run in MLflow."""

    run_id: str
    experiment_id: str
    url: str
    """Its page."""
    artifact_uri: str
    started_at_ms: int


@dataclass(frozen=True)
class RegisteredVersion:
    """A model version in the registry."""

    version: str
    url: str
    """Its page."""


class ModelRegistry:
    """One MLflow server. `name` is the project's outside name: its experiment and its registered model."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Use the server at `url`; tests pass their own transport."""
        self._api = MlflowApi(url, transport)

    def find_or_start_run(self, name: str, cycle_key: str, params: Mapping[str, Json], tags: Mapping[str, str]) -> TrackedRun:
        """Find or create the run of a cycle, and set it running again if it had ended.

        Raises:
            ServiceUnavailableError: the server does not respond or is overloaded.
            ServiceRefusedError: it refused the request.
        """
        experiment_id = self._experiment(name)
        run = self._find_run(experiment_id, cycle_key) or self._create_run(experiment_id, cycle_key)
        fields = {"run_id": run["info"]["run_id"], "params": _pairs(params), "tags": _pairs({**tags, CYCLE_KEY: cycle_key})}
        self._api.post("runs/log-batch", fields)
        if run["info"]["status"] != "RUNNING":
            self._api.post("runs/update", {"run_id": fields["run_id"], "status": "RUNNING"})
        return self._tracked(run)

    def run(self, run_id: str) -> TrackedRun:
        """A run by its id; raises ServiceRefusedError if there is none."""
        return self._tracked(self._api.get("runs/get", run_id=run_id)["run"])

    def log_dataset(self, run_id: str, name: str, dataset_id: str, source: str) -> None:
        """Record the dataset that a run trains on, by name and digest; no rows are sent."""
        # MLflow keeps at most 36 characters of a digest; the whole dataset_id is a tag.
        dataset = {"name": name, "digest": dataset_id[:36], "source_type": "nightlens", "source": source}
        tags = [{"key": "mlflow.data.context", "value": "training"}]
        self._api.post("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]})

    def log_epoch_metrics(self, run: TrackedRun, epochs: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Log each epoch's metrics; a repeated point is not doubled, because its time derives from run and epoch."""
        points = [
            {"key": key, "value": value, "timestamp": run.started_at_ms + epoch * _EPOCH_MS, "step": epoch}
            for epoch, metrics in epochs
            for key, value in metrics.items()
        ]
        for start in range(0, len(points), _MAX_METRICS):
            self._api.post("runs/log-batch", {"run_id": run.run_id, "metrics": points[start : start + _MAX_METRICS]})

    def end_run(self, run_id: str, *, is_success: bool = True) -> None:
        """Mark a run as ended."""
        fields = {"run_id": run_id, "status": "FINISHED" if is_success else "FAILED", "end_time": int(time.time() * 1000)}
        self._api.post("runs/update", fields)

    def register_model(self, name: str, run_id: str, content: bytes, digest: str, tags: Mapping[str, str]) -> RegisteredVersion:
        """Register one file as a version of the project's model; an already registered digest keeps its version."""
        self._ensure_model(name)
        standing = self._find_version(name, digest)
        if standing is None:
            run = self.run(run_id)
            # One folder for each file: a version's content must not change when its run exports another file.
            folder = f"model-{digest[:12]}"
            self._api.put_artifact(run.artifact_uri, f"{folder}/model.onnx", content)
            fields = {
                "name": name,
                "source": f"{run.artifact_uri}/{folder}",
                "run_id": run_id,
                "tags": _pairs({**tags, MODEL_DIGEST: digest}),
            }
            standing = str(self._api.post("model-versions/create", fields)["model_version"]["version"])
        return RegisteredVersion(standing, f"{self._api.page_url}/#/models/{name}/versions/{standing}")

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to this version; doing so again changes nothing."""
        self._api.post("registered-models/alias", {"name": name, "alias": alias, "version": version})

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        """Point the alias `champion` of the project's model to this version."""
        self.set_alias(outside_name, "champion", registry_version)

    def alias(self, name: str, alias: str) -> str | None:
        """The version that an alias points to; None if the alias does not exist."""
        found = self._api.find("registered-models/alias", name=name, alias=alias)
        return None if found is None else str(found["model_version"]["version"])

    def check(self) -> str:
        """The experiment that the server lists first; proves that the server responds and grants read access."""
        return str(self._api.post("experiments/search", {"max_results": 1}).get("experiments", [{}])[0].get("name", ""))

    def _experiment(self, name: str) -> str:
        """The project's experiment; another try may create it at the same time."""
        found = self._api.find("experiments/get-by-name", experiment_name=name)
        if found is None:
            created = self._api.make("experiments/create", {"name": name})
            if created is not None:
                return str(created["experiment_id"])
            found = self._api.get("experiments/get-by-name", experiment_name=name)
        if found["experiment"]["lifecycle_stage"] != "active":
            raise ServiceRefusedError(f"MLflow: the experiment {name!r} was deleted there; restore it, or empty the project")
        return str(found["experiment"]["experiment_id"])

    def _find_run(self, experiment_id: str, cycle_key: str) -> JsonObject | None:
        """The oldest run of the cycle; two simultaneous tries may have created two."""
        fields = {
            "experiment_ids": [experiment_id],
            "filter": f"tags.`{CYCLE_KEY}` = '{cycle_key}'",
            "order_by": ["attributes.start_time ASC"],
            "max_results": 1,
        }
        found: list[JsonObject] = self._api.post("runs/search", fields).get("runs", [])
        return found[0] if found else None

    def _create_run(self, experiment_id: str, cycle_key: str) -> JsonObject:
        fields = {
            "experiment_id": experiment_id,
            "run_name": cycle_key,
            "start_time": int(time.time() * 1000),
            "tags": _pairs({CYCLE_KEY: cycle_key}),
        }
        created: JsonObject = self._api.post("runs/create", fields)["run"]
        return created

    def _tracked(self, run: JsonObject) -> TrackedRun:
        info = run["info"]
        url = f"{self._api.page_url}/#/experiments/{info['experiment_id']}/runs/{info['run_id']}"
        return TrackedRun(info["run_id"], info["experiment_id"], url, info["artifact_uri"], int(info["start_time"]))

    def _ensure_model(self, name: str) -> None:
        if self._api.find("registered-models/get", name=name) is None:
            self._api.make("registered-models/create", {"name": name})

    def _find_version(self, name: str, digest: str) -> str | None:
        filter_ = f"name = '{name}' AND tags.`{MODEL_DIGEST}` = '{digest}'"
        found = self._api.get("model-versions/search", filter=filter_, max_results="100").get("model_versions", [])
        return min((str(one["version"]) for one in found), key=int, default=None)


def _pairs(values: Mapping[str, Json]) -> list[dict[str, str]]:
    return [{"key": key, "value": str(value)} for key, value in values.items()]
