"""Tests of endpoints from Airflow connections; their secrets are never shown."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from airflow.sdk import Connection
from given import a_project
from nightlens_airflow.endpoints import (
    bucket_connection,
    connection_ids,
    endpoint_of,
    read_source_endpoints_in_trigger,
    root_connection,
    web_key,
)

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.wiring.endpoints import Endpoint
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        (Connection(conn_id="c", conn_type="http", host="127.0.0.1", port=8080, schema="http"), "http://127.0.0.1:8080"),
        (Connection(conn_id="c", conn_type="http", host="label.example", schema="https"), "https://label.example"),
        (Connection(conn_id="c", conn_type="http", host="https://label.example/", port=8443), "https://label.example:8443"),
        (Connection(conn_id="c", conn_type="http", host="label.example"), "http://label.example"),
    ],
)
def test_endpoint__is_put_together_from_a_connection(connection: Connection, url: str) -> None:
    assert endpoint_of(connection) == Endpoint(url, None)


def test_endpoint__carries_the_password_as_its_token_and_does_not_show_it() -> None:
    endpoint = endpoint_of(Connection(conn_id="c", host="127.0.0.1", password="a secret"))

    assert endpoint.token == "a secret"
    assert "a secret" not in repr(endpoint)


def test_endpoint__requires_a_host() -> None:
    with pytest.raises(SettingsError, match="connection nightlens_mlflow: wanted a host"):
        endpoint_of(Connection(conn_id="nightlens_mlflow"))


@pytest.fixture
def cam(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    extra = {"endpoint_url": "http://127.0.0.1:9000", "region_name": "eu-central-1", "verify": "ca.pem"}
    extra |= {"aws_session_token": "a token", "config_kwargs": {"s3": {"addressing_style": "path"}}}
    told = {"conn_type": "aws", "login": "a long key", "password": "a secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_CAM", json.dumps(told))
    monkeypatch.setenv("AIRFLOW_CONN_KEYLESS", json.dumps({"conn_type": "aws"}))
    return monkeypatch


def test_bucket_connection__is_what_amazons_hook_makes_of_it(cam: pytest.MonkeyPatch) -> None:
    found = bucket_connection("cam")

    assert (found.name, found.url, found.region, found.certificates) == ("cam", "http://127.0.0.1:9000", "eu-central-1", "ca.pem")
    assert (found.access_key, found.secret_key, found.session_token) == ("a long key", "a secret", "a token")
    assert found.options == {"s3": {"addressing_style": "path"}}
    assert [one for one in ("a long key", "a secret", "a token") if one in repr(found)] == []


def test_bucket_connection__without_keys_leaves_them_to_boto3(cam: pytest.MonkeyPatch) -> None:
    assert bucket_connection("keyless") == S3Connection("keyless")
    assert bucket_connection(None) == S3Connection()


def test_bucket_connection__that_is_missing_is_named_with_the_fix() -> None:
    with pytest.raises(SettingsError, match=r"connection camera7: Airflow knows none of this id; add it under Admin, Connections"):
        bucket_connection("camera7")


def test_root_connection__has_the_session_token_and_the_options_of_its_connection(cam: pytest.MonkeyPatch) -> None:
    found = root_connection(a_project(connections={"s3": "cam"}))

    assert found == bucket_connection("cam")
    client = open_store(a_project(root="s3://bucket/a"), replace(found, certificates=None)).objects._client  # type: ignore[attr-defined]
    keys = client._request_signer._credentials
    assert (keys.access_key, keys.token, client.meta.region_name) == ("a long key", "a token", "eu-central-1")
    assert (client.meta.endpoint_url, client.meta.config.s3) == ("http://127.0.0.1:9000", {"addressing_style": "path"})
    assert client.meta.config.retries["total_max_attempts"] == 1, "S3Objects repeats requests itself"


def test_root_connection__is_left_to_boto3_where_none_is_named_or_known() -> None:
    assert root_connection(a_project()) is None
    assert root_connection(a_project(connections={"s3": "nobody"})) is None


def test_web_key__is_the_password_of_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PHOTOS", json.dumps({"conn_type": "http", "password": "a key"}))
    monkeypatch.setenv("AIRFLOW_CONN_EMPTY", json.dumps({"conn_type": "http"}))

    assert web_key("photos") == "a key"
    with pytest.raises(SettingsError, match="connection empty: it has no password; add one of type HTTP"):
        web_key("empty")
    with pytest.raises(SettingsError, match="connection unknown: Airflow knows none of this id"):
        web_key("unknown")


def test_web_key__is_the_key_file_or_the_sas_token_of_a_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    google, azure = {"keyfile_dict": {"type": "service_account"}}, {"sas_token": "sv=1&sig=x"}
    for name, kind, extra in (("google", "google_cloud_platform", google), ("azure", "wasb", azure)):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": kind, "extra": extra}))

    assert json.loads(web_key("google")) == google["keyfile_dict"]
    assert web_key("azure") == "sv=1&sig=x"


def test_source_endpoints__hold_keys_and_buckets_of_the_watched_sources_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AZURE", json.dumps({"conn_type": "wasb", "password": "a2V5"}))
    azure = {"name": "camera", "kind": "azure", "url": "az://images", "account": "acc", "connection": "azure"}
    project = a_project(sources=[azure, {"name": "inbox", "path": "inbox"}])

    found = asyncio.run(read_source_endpoints_in_trigger(project))

    assert (found.web_key("azure"), found.connect(None)) == ("a2V5", S3Connection())


def test_connection_ids__are_those_of_the_project() -> None:
    assert connection_ids(a_project())["prediction_server"] == "nightlens_prediction_server_parts"
    own = a_project(connections={"label_studio": "mine", "s3": "store"})
    assert connection_ids(own) == {
        "label_studio": "mine",
        "mlflow": "nightlens_mlflow",
        "prediction_server": "nightlens_prediction_server_parts",
    }
