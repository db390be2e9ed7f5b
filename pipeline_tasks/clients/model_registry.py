"""Model registry and runs in MLflow: a mirror for people. The ledger is authoritative; nothing is ever loaded from MLflow.

Everything is first looked up by a key derived from the cycle or by the model's digest, so that a second try finds what the first
one created; what people deleted, renamed or moved there is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import httpx

from pipeline_tasks.clients.mlflow_api import MlflowApi
from pipeline_tasks.clients.mlflow_runs import MlflowRuns, TrackedRun
from pipeline_tasks.clients.mlflow_versions import MlflowVersions, RegisteredVersion
from pipeline_tasks.json_values import Json
from pipeline_tasks.records.mirrored_model import MirroredModel

CHAMPION = "champion"


class ModelRegistry:
    """One MLflow server. `name` is the project's outside name: its experiment and its registered model."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Use the server at `url`; tests pass their own transport."""
        self._api = MlflowApi(url, transport)
        self._runs, self._versions = MlflowRuns(self._api), MlflowVersions(self._api)

    def find_or_start_run(self, name: str, cycle_key: str, params: Mapping[str, Json], tags: Mapping[str, str]) -> TrackedRun:
        """Find or create the run of a cycle, and set it running again if it had ended.

        Raises:
            ServiceUnavailableError: the server does not respond or is overloaded.
            ServiceRefusedError: it refused the request.
        """
        return self._runs.find_or_start(name, cycle_key, params, tags)

    def run(self, run_id: str) -> TrackedRun:
        """A run by its id; raises ServiceRefusedError if there is none."""
        return self._runs.get(run_id)

    def log_dataset(self, run_id: str, name: str, dataset_id: str, source: str) -> None:
        """Record the dataset that a run trains on, by name and digest; no rows are sent."""
        self._runs.log_dataset(run_id, name, dataset_id, source)

    def log_epoch_metrics(self, run: TrackedRun, epochs: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Log each epoch's metrics; a repeated point is not doubled, because its time derives from run and epoch."""
        self._runs.log_metrics(run, epochs)

    def log_plots(self, run: TrackedRun, plots: Mapping[str, bytes]) -> None:
        """Put these files into the run's folder `plots`; a later one of the same name replaces it.

        Raises:
            ServiceRefusedError: the server does not accept artifacts itself.
            ServiceUnavailableError: it does not respond or is overloaded.
        """
        for name, content in plots.items():
            self._api.put_artifact(f"{run.artifact_uri}/plots", name, content)

    def end_run(self, run_id: str, *, is_success: bool = True) -> None:
        """Mark a run as ended."""
        self._runs.end(run_id, is_success=is_success)

    def show_model(self, model: MirroredModel, read: Callable[[], bytes]) -> RegisteredVersion:
        """Let MLflow show a model: run, figures, version and file, each found or made; `read` gives the file, if it is needed.

        Raises:
            ServiceUnavailableError: the server does not respond or is overloaded.
            ServiceRefusedError: it refused the request.
        """
        run = self._runs.show(model)
        tags = {"nightlens.cycle_id": model.tags["nightlens.cycle_id"], "nightlens.dataset_id": model.dataset_id}
        shown, is_made = self._versions.register(model.name, model.digest, tags, lambda: (run.run_id, run.artifact_uri), read)
        notes = [*run.notes, *shown.notes]
        if is_made and model.is_exported:
            other = self._versions.elsewhere(model.name, model.digest)
            renamed = "" if other is None else f" (it stands there as {other}, which was left as it is)"
            recorded = "" if model.version is None else f" (it was version {model.version})"
            said = f"MLflow: {model.name} had no version of the model {model.digest[:12]}{recorded}{renamed}"
            notes.append(f"{said}; made from the store as version {shown.version}")
        return replace(shown, notes=tuple(notes))

    def register_model(self, name: str, run_id: str, content: bytes, digest: str, tags: Mapping[str, str]) -> RegisteredVersion:
        """Register one file as a version of the project's model; an already registered digest keeps its version."""

        def of_run() -> tuple[str, str]:
            return run_id, self.run(run_id).artifact_uri

        return self._versions.register(name, digest, tags, of_run, lambda: content)[0]

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to this version; doing so again changes nothing."""
        self._versions.set_alias(name, alias, version)

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        """Point the alias `champion` of the project's model to this version."""
        self.set_alias(outside_name, CHAMPION, registry_version)

    def champion_alias(self, outside_name: str) -> str | None:
        """The version that the alias `champion` of the project's model points to; None if the alias does not exist."""
        return self.alias(outside_name, CHAMPION)

    def alias(self, name: str, alias: str) -> str | None:
        """The version that an alias points to; None if the alias does not exist."""
        return self._versions.alias(name, alias)

    def check(self) -> str:
        """The experiment that the server lists first; proves that the server responds and grants read access."""
        return str(self._api.post("experiments/search", {"max_results": 1}).get("experiments", [{}])[0].get("name", ""))
