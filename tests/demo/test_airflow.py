"""Tests of driving Airflow through its API, and of a night's run."""

from __future__ import annotations

import io
import json

import httpx
import pytest

from demo.airflow import Airflow, AirflowAwayError
from demo.errors import DemoError
from demo.nightly_run import follow_night, run_night, why_failed
from demo.progress import Progress

RUN = "/api/v2/dags/nightly__parts/dagRuns/manual_1"
FAILED = {"task_id": "train_model", "map_index": -1, "state": "failed", "try_number": 2, "duration": 3.5, "pid": 7}
SHARD = {"task_id": "measure_images", "map_index": 0, "state": "success", "try_number": 1, "duration": 2.0}


def _airflow(responses: dict[str, object], asked: list[str] | None = None) -> Airflow:
    """An Airflow that answers by path, and wants a login first."""

    def handle(request: httpx.Request) -> httpx.Response:
        key = f"{request.method} {request.url.path}"
        if asked is not None:
            asked.append(f"{key} {request.content.decode()}".strip())
        if key == "POST /auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        if request.headers.get("Authorization") != "Bearer t":
            return httpx.Response(401)
        response = responses.get(key, 404)
        response = response.pop(0) if isinstance(response, list) else response
        return httpx.Response(response, text="no") if isinstance(response, int) else httpx.Response(200, json=response)

    return Airflow("http://airflow", "admin", "secret", transport=httpx.MockTransport(handle))


def _no_note() -> str:
    return ""


def test_trigger__logs_in_and_starts_a_run_without_a_logical_date() -> None:
    asked: list[str] = []
    airflow = _airflow({"POST /api/v2/dags/nightly__parts/dagRuns": {"dag_run_id": "manual_1"}}, asked)

    assert airflow.trigger("nightly__parts", {"budget": 4}) == "manual_1"
    assert json.loads(asked[-1].split(" ", 2)[2]) == {"logical_date": None, "conf": {"budget": 4}}


def test_wait_for_dag__fails_if_airflow_never_reads_it() -> None:
    with pytest.raises(DemoError, match="has not read the DAG"):
        _airflow({}).wait_for_dag("nightly__parts", within_s=0)


def test_wait_for_dag__unpauses_it() -> None:
    asked: list[str] = []
    path = "/api/v2/dags/nightly__parts"
    _airflow({f"GET {path}": {}, f"PATCH {path}": {}}, asked).wait_for_dag("nightly__parts")

    assert asked[-1].startswith(f"PATCH {path}")


@pytest.mark.parametrize(("status", "error"), [(503, AirflowAwayError), (409, DemoError)])
def test_airflow__raises_different_errors_for_no_response_and_a_refusal(status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=str(status)):
        _airflow({f"GET {RUN}": status}).run("nightly__parts", "manual_1")


def test_run_night__adds_up_the_seconds_of_a_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.nightly_run.LOOK_EVERY_S", 0)
    instances = {"task_instances": [SHARD, SHARD | {"map_index": 1, "duration": 0.5}]}
    responses: dict[str, object] = {
        "POST /api/v2/dags/nightly__parts/dagRuns": {"dag_run_id": "manual_1"},
        f"GET {RUN}": [{"state": "running"}, 503, {"state": "success"}],
        f"GET {RUN}/taskInstances": instances,
    }

    ended = run_night(_airflow(responses), "nightly__parts", {}, Progress(io.StringIO()), _no_note)

    assert (ended.run_id, ended.state) == ("manual_1", "success")
    assert ended.stage_seconds == {"measure_images": 2.5}


def test_run_night__marks_the_run_failed_when_it_is_stopped() -> None:
    asked: list[str] = []
    responses: dict[str, object] = {"POST /api/v2/dags/nightly__parts/dagRuns": {"dag_run_id": "manual_1"}, f"PATCH {RUN}": {}}

    def interrupt() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_night(_airflow(responses, asked), "nightly__parts", {}, Progress(io.StringIO()), interrupt)

    assert asked[-1] == f'PATCH {RUN} {{"state":"failed"}}'


def test_follow_night__waits_for_the_run_that_new_images_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.nightly_run.LOOK_EVERY_S", 0)
    old, new = {"dag_run_id": "asset_0"}, {"dag_run_id": "manual_1"}
    responses: dict[str, object] = {
        "GET /api/v2/dags/nightly__parts/dagRuns": [{"dag_runs": [old]}, {"dag_runs": [new, old]}],
        f"GET {RUN}": {"state": "success"},
        f"GET {RUN}/taskInstances": {"task_instances": [SHARD]},
    }

    ended = follow_night(_airflow(responses), "nightly__parts", ["asset_0"], Progress(io.StringIO()), _no_note)

    assert (ended.run_id, ended.state) == ("manual_1", "success")


def test_follow_night__gives_up_where_none_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.nightly_run.STARTS_WITHIN_S", 0.0)
    airflow = _airflow({"GET /api/v2/dags/nightly__parts/dagRuns": {"dag_runs": []}})

    with pytest.raises(DemoError, match="new images started no run of nightly__parts within 0 s; see `make logs"):
        follow_night(airflow, "nightly__parts", [], Progress(io.StringIO()), _no_note)


@pytest.mark.parametrize("has_log", [True, False])
def test_why_failed__names_the_task_and_shows_the_end_of_its_log(has_log: bool) -> None:
    entries = [{"event": f"line {number}"} for number in range(30)]
    entries.append({"event": "Task failed", "error_detail": [{"exc_type": "SettingsError", "exc_value": "found none"}]})  # type: ignore[dict-item]
    log: object = {"content": entries} if has_log else 404
    airflow = _airflow(
        {f"GET {RUN}/taskInstances": {"task_instances": [SHARD, FAILED]}, f"GET {RUN}/taskInstances/train_model/logs/2": log}
    )

    told = why_failed(airflow, "nightly__parts", "manual_1")

    assert told.startswith("task train_model failed at try 2")
    assert ("SettingsError: found none" in told) == has_log
    assert "line 3\n" not in told


def test_why_failed__points_to_airflow_when_no_task_failed() -> None:
    assert "manual_1" in why_failed(_airflow({f"GET {RUN}/taskInstances": {"task_instances": []}}), "nightly__parts", "manual_1")
