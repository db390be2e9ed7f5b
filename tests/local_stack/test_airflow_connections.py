"""Tests of the connections posted to a stand-in for Airflow, including those that a person edited."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from local_stack.addresses import read_addresses
from local_stack.airflow_connections import post_to_airflow, wanted_connections
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.ports import S3_PORTS, keep_ports
from local_stack.prediction_service import prediction_services


class StandInAirflow(httpx.BaseTransport):
    """Keeps connections as Airflow does: 409 for one that is there."""

    def __init__(self) -> None:
        self.connections: dict[str, dict[str, Any]] = {}
        self.pools: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "a token"})
        assert request.headers["authorization"] == "Bearer a token"
        if request.url.path == "/api/v2/pools":
            is_there = body["name"] in self.pools
            self.pools.add(body["name"])
            return httpx.Response(409 if is_there else 201)
        name = body.get("connection_id") or request.url.path.rsplit("/", 1)[1]
        if request.method == "DELETE":
            return httpx.Response(204 if self.connections.pop(name, None) else 404)
        if request.method == "POST" and name in self.connections:
            return httpx.Response(409)
        self.connections[name] = body
        return httpx.Response(201)


def test_post_to_airflow__posts_all_services_and_the_pool(prepared: Folders) -> None:
    _add_project(prepared, "parts")
    airflow, addresses = StandInAirflow(), read_addresses(prepared.home)
    names = post_to_airflow(prepared, addresses, airflow)
    assert names == ["nightlens_label_studio", "nightlens_mlflow", "nightlens_prediction_server_parts"]
    assert airflow.pools == {"inference"}
    label_studio = airflow.connections["nightlens_label_studio"]
    assert label_studio["password"] == addresses.label_studio_token
    assert f"{label_studio['schema']}://{label_studio['host']}:{label_studio['port']}" == addresses.label_studio_url
    assert "password" not in airflow.connections["nightlens_mlflow"]


def test_post_to_airflow__leaves_what_a_person_edited(prepared: Folders) -> None:
    airflow, addresses = StandInAirflow(), read_addresses(prepared.home)
    post_to_airflow(prepared, addresses, airflow)
    airflow.connections["nightlens_mlflow"]["host"] = "mlflow.example.org"
    post_to_airflow(prepared, addresses, airflow)
    assert airflow.connections["nightlens_mlflow"]["host"] == "mlflow.example.org"


def test_post_to_airflow__changes_what_it_posted_otherwise_before(prepared: Folders) -> None:
    airflow = StandInAirflow()
    airflow.connections["nightlens_mlflow"] = {"host": "of an earlier stack"}
    post_to_airflow(prepared, read_addresses(prepared.home), airflow)
    assert airflow.connections["nightlens_mlflow"]["host"] == "127.0.0.1"


def test_post_to_airflow__removes_the_server_of_a_removed_project(prepared: Folders) -> None:
    _add_project(prepared, "parts")
    airflow = StandInAirflow()
    post_to_airflow(prepared, read_addresses(prepared.home), airflow)
    (prepared.home / "projects" / "parts.yaml").unlink()
    post_to_airflow(prepared, read_addresses(prepared.home), airflow)
    assert "nightlens_prediction_server_parts" not in airflow.connections


def test_post_to_airflow__says_that_airflow_is_away(prepared: Folders) -> None:
    addresses = read_addresses(prepared.home)
    with pytest.raises(StackError, match=f"Airflow at {addresses.airflow_url} refused the connections"):
        post_to_airflow(prepared, addresses)


def test_wanted_connections__are_http_on_loopback(prepared: Folders) -> None:
    for body in wanted_connections(read_addresses(prepared.home)).values():
        assert (body["conn_type"], body["host"]) == ("http", "127.0.0.1")


def test_wanted_connections__have_the_keys_of_an_s3_server_that_was_asked_for(prepared: Folders) -> None:
    keep_ports(prepared, S3_PORTS)
    s3 = read_addresses(prepared.home).s3
    assert s3 is not None

    body = wanted_connections(read_addresses(prepared.home))["nightlens_s3"]

    assert (body["conn_type"], body["login"], body["password"]) == ("aws", s3.access_key, s3.secret_key)
    assert json.loads(body["extra"])["endpoint_url"] == s3.url
    assert s3.secret_key not in repr(s3)


def _add_project(folders: Folders, name: str) -> None:
    (folders.home / "projects" / f"{name}.yaml").write_text(f"project: {name}\n")
    prediction_services(folders)
