"""Figures from the services that own them: Label Studio, MLflow and the prediction server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from demo.errors import DemoError
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary

MODEL_DIGEST_TAG = "nightlens.model_digest"


@dataclass(frozen=True)
class LabelStudioRound:
    """Counts of a labeling round in Label Studio."""

    tasks: int
    annotated: int


@dataclass(frozen=True)
class MlflowVersion:
    """A registered model version in MLflow."""

    version: str
    model_digest: str | None
    metrics: dict[str, float]
    """Newest value of each metric of its run."""


class Services:
    """Services of one stack, used through their public APIs."""

    def __init__(
        self,
        label_studio_url: str,
        label_studio_token: str,
        mlflow_url: str,
        prediction_url: str,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect lazily; tests pass their own transport."""
        authorization = {"Authorization": f"Token {label_studio_token}"}
        self._label_studio = httpx.Client(
            base_url=label_studio_url, timeout=60, trust_env=False, headers=authorization, transport=transport
        )
        self._mlflow = httpx.Client(base_url=mlflow_url, timeout=30, trust_env=False, transport=transport)
        self._prediction = httpx.Client(base_url=prediction_url, timeout=10, trust_env=False, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        for client in (self._label_studio, self._mlflow, self._prediction):
            client.close()

    def label_studio_round(self, pushed: SendToLabelingSummary) -> LabelStudioRound:
        """Count the tasks of a round, given the summary of `send_to_labeling`.

        Raises:
            DemoError: Label Studio does not respond.
        """
        if pushed.label_studio_project_id is None:
            return LabelStudioRound(0, 0)
        in_round = {"filter": "filter:tasks:data.round_id", "operator": "equal", "type": "String", "value": pushed.round_id}
        annotated = {"filter": "filter:tasks:completed_at", "operator": "empty", "type": "Datetime", "value": False}
        project_id = pushed.label_studio_project_id
        return LabelStudioRound(self._count(project_id, [in_round]), self._count(project_id, [in_round, annotated]))

    def mlflow_version(self, name: str, version: str) -> MlflowVersion:
        """A version of a registered model, with its run's metrics.

        Raises:
            DemoError: MLflow has no such version.
        """
        found = _json(self._mlflow, "/api/2.0/mlflow/model-versions/get", name=name, version=version)["model_version"]
        tags = {tag["key"]: tag["value"] for tag in found.get("tags", [])}
        run = _json(self._mlflow, "/api/2.0/mlflow/runs/get", run_id=found["run_id"])["run"]
        metrics = {metric["key"]: float(metric["value"]) for metric in run["data"].get("metrics", [])}
        return MlflowVersion(str(found["version"]), tags.get(MODEL_DIGEST_TAG), metrics)

    def champion_alias(self, name: str) -> str:
        """The version that MLflow's alias `champion` names.

        Raises:
            DemoError: the alias does not exist.
        """
        found = _json(self._mlflow, "/api/2.0/mlflow/registered-models/alias", name=name, alias="champion")
        return str(found["model_version"]["version"])

    def predict(self, image: bytes) -> tuple[str, dict[str, Any] | None]:
        """The prediction server's prediction for one image, with a description; None if it gave none."""
        try:
            response = self._prediction.post("/predict", content=image, headers={"Content-Type": "image/jpeg"})
        except httpx.HTTPError as error:
            return f"{self._prediction.base_url} away ({type(error).__name__})", None
        if response.is_error:
            return f"{response.status_code} {response.text[:200]}", None
        prediction: dict[str, Any] = response.json()
        return f"a prediction of {prediction['model_digest'][:12]}", prediction

    def drawn_prediction(self, image: bytes) -> bytes:
        """The image with the prediction drawn over it, as JPEG.

        Raises:
            DemoError: the prediction server gives none.
        """
        try:
            response = self._prediction.post("/predict", params={"draw": 1}, content=image, headers={"Content-Type": "image/jpeg"})
        except httpx.HTTPError as error:
            raise DemoError(f"{self._prediction.base_url} does not answer: {type(error).__name__}: {error}") from error
        if response.is_error or response.content[:2] != b"\xff\xd8":
            raise DemoError(f"{self._prediction.base_url} gave no drawn prediction: {response.status_code} {response.text[:200]}")
        return response.content

    def _count(self, project_id: int, filters: list[dict[str, Any]]) -> int:
        query = json.dumps({"filters": {"conjunction": "and", "items": filters}})
        page = _json(
            self._label_studio, "/api/tasks", project=project_id, query=query, page_size=1, include="id", fields="task_only"
        )
        return int(page["total"])


def _json(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    try:
        response = client.get(path, params=parameters)
    except httpx.HTTPError as error:
        raise DemoError(f"{client.base_url.join(path)} does not answer: {type(error).__name__}: {error}") from error
    if response.is_error:
        raise DemoError(f"{client.base_url.join(path)} answered {response.status_code}: {response.text[:300]}")
    content: dict[str, Any] = response.json()
    return content
