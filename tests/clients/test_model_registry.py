"""Tests of runs, versions and aliases in MLflow: found again instead of created twice, with a clear error if it is down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from pipeline_tasks.clients.model_registry import ModelRegistry
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

if TYPE_CHECKING:
    from given_stack import RunningStack


@pytest.mark.services
def test_model_registry__makes_everything_once_on_a_real_server(
    running_stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow_url = running_stack.addresses.mlflow_url
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_url)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    registry = ModelRegistry(mlflow_url)
    params, tags = {"max_epochs": 60}, {"nightlens.dataset_id": "d" * 64}

    run = registry.find_or_start_run("screws", "screws/2026-11-21", params, tags)
    registry.log_dataset(run.run_id, "screws", "d" * 64, "versions/d/index.json")
    registry.log_epoch_metrics(run, [(0, {"val_loss": 0.5}), (1, {"val_loss": 0.25})])
    registry.log_epoch_metrics(run, [(1, {"val_loss": 0.25})])
    for content in (b"first", b"second"):
        registry.log_plots(run, {"loss.png": content})
    registry.end_run(run.run_id, is_success=False)
    assert ModelRegistry(mlflow_url).find_or_start_run("screws", "screws/2026-11-21", params, tags) == run
    registry.end_run(run.run_id)
    version = registry.register_model("screws", run.run_id, b"onnx bytes", "a" * 64, {"nightlens.cycle_id": "2026-11-21"})
    assert registry.register_model("screws", run.run_id, b"onnx bytes", "a" * 64, {}) == version
    assert registry.register_model("screws", run.run_id, b"other bytes", "b" * 64, {}).version == "2"
    assert registry.alias("screws", "champion") is None
    registry.set_alias("screws", "candidate", version.version)
    registry.set_champion_alias("screws", version.version)
    registry.set_champion_alias("screws", version.version)

    assert version.url == f"{mlflow_url}/#/models/screws/versions/1"
    assert registry.alias("screws", "champion") == "1"
    assert_seen_by_mlflow(mlflow_url, run.run_id)
    with pytest.raises(ServiceRefusedError, match="answered 404 RESOURCE_DOES_NOT_EXIST"):
        registry.run("0" * 32)


def assert_seen_by_mlflow(url: str, run_id: str) -> None:
    """Read it all back through MLflow's own client."""
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts

    client = MlflowClient(url, url)
    assert [one.path for one in client.list_artifacts(run_id, "plots")] == ["plots/loss.png"]
    assert Path(download_artifacts(run_id=run_id, artifact_path="plots/loss.png")).read_bytes() == b"second"
    found = client.get_run(run_id)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"max_epochs": "60"}
    assert found.data.tags["nightlens.dataset_id"] == "d" * 64
    assert [one.value for one in client.get_metric_history(run_id, "val_loss")] == [0.5, 0.25]
    assert [one.dataset.digest for one in found.inputs.dataset_inputs] == ["d" * 36]
    assert client.get_model_version_by_alias("screws", "champion").run_id == run_id
    assert Path(download_artifacts(artifact_uri="models:/screws@champion/model.onnx")).read_bytes() == b"onnx bytes"


def test_model_registry__raises_an_error_to_retry_when_mlflow_does_not_respond() -> None:
    with pytest.raises(ServiceUnavailableError, match=r"MLflow at http://127\.0\.0\.1:9: no answer"):
        ModelRegistry("http://user:secret@127.0.0.1:9").find_or_start_run("parts", "parts/2026-11-21", {}, {})


@pytest.mark.parametrize(
    ("status", "error"), [(503, ServiceUnavailableError), (429, ServiceUnavailableError), (403, ServiceRefusedError)]
)
def test_model_registry__raises_an_error_to_retry_for_overload_and_not_for_a_refusal(status: int, error: type[Exception]) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, text="no"))

    with pytest.raises(error, match=f"answered {status}"):
        ModelRegistry("http://mlflow", transport).set_alias("parts", "champion", "1")


def test_model_registry__refuses_a_server_that_stores_no_artifacts() -> None:
    info = {"run_id": "1", "experiment_id": "1", "artifact_uri": "s3://bucket/1", "start_time": 0}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"run": {"info": info}}))

    with pytest.raises(ServiceRefusedError, match="found runs that keep them under s3:"):
        ModelRegistry("http://mlflow", transport).register_model("parts", "1", b"", "a" * 64, {})


def test_model_registry__uses_an_experiment_that_another_try_made_first() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rpartition("mlflow/")[2])
        if asked[-1] == "experiments/get-by-name" and asked.count(asked[-1]) == 1:
            return httpx.Response(404, json={"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})
        if asked[-1] == "experiments/create":
            return httpx.Response(400, json={"error_code": "RESOURCE_ALREADY_EXISTS", "message": "there"})
        info = {"run_id": "9", "experiment_id": "7", "artifact_uri": "mlflow-artifacts:/7", "start_time": 5, "status": "RUNNING"}
        found = {"experiment": {"experiment_id": "7", "lifecycle_stage": "active"}, "runs": [{"info": info}]}
        return httpx.Response(200, content=json.dumps(found))

    run = ModelRegistry("http://mlflow", httpx.MockTransport(answer)).find_or_start_run("parts", "key", {}, {})

    assert (run.run_id, run.started_at_ms) == ("9", 5)
    assert run.url == "http://mlflow/#/experiments/7/runs/9"


def test_model_registry__takes_the_login_page_of_a_proxy_for_a_refusal() -> None:
    page = httpx.Response(200, html="<html>Please log in</html>")

    with pytest.raises(ServiceRefusedError, match="wanted JSON, found text/html"):
        ModelRegistry("http://mlflow", httpx.MockTransport(lambda request: page)).alias("parts", "champion")
