"""Connections to the services and the inference pool, posted to Airflow, where people can see and edit them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import httpx

from local_stack.addresses import Addresses, S3Address
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.kept_json import read_json, write_json
from pipeline_tasks.wiring.local_stack_endpoints import OWN_S3

_POOL = {
    "name": "inference",
    "slots": 1,
    "description": "Backbone inference: one slot a machine.",
    "include_deferred": False,
}


def wanted_connections(addresses: Addresses) -> dict[str, dict[str, Any]]:
    """Connection id → body for Airflow's API."""
    servers = {f"nightlens_prediction_server_{project}": (url, None) for project, url in addresses.prediction_servers.items()}
    services = {
        "nightlens_label_studio": (addresses.label_studio_url, addresses.label_studio_token),
        "nightlens_mlflow": (addresses.mlflow_url, None),
    }
    wanted = {name: _connection(name, url, token) for name, (url, token) in {**services, **servers}.items()}
    return wanted if addresses.s3 is None else wanted | {OWN_S3: _bucket_connection(addresses.s3)}


def post_to_airflow(folders: Folders, addresses: Addresses, transport: httpx.BaseTransport | None = None) -> list[str]:
    """Create missing connections, update those that an earlier `make up` posted, and keep those that a person edited.

    Returns the ids of the connections that the stack posted.

    Raises:
        StackError: Airflow does not respond or refuses.
    """
    wanted = wanted_connections(addresses)
    kept_file = folders.stack / "posted_connections.json"
    posted = read_json(kept_file) if kept_file.exists() else {}
    try:
        with httpx.Client(base_url=addresses.airflow_url, timeout=10.0, trust_env=False, transport=transport) as client:
            _log_in(client, addresses)
            _refuse_errors(client.post("/api/v2/pools", json=_POOL), also_fine=409)
            for name in posted.keys() - wanted.keys():
                _refuse_errors(client.delete(f"/api/v2/connections/{name}"), also_fine=404)
            for name, body in wanted.items():
                _post_one(client, name, body, is_same=posted.get(name) == _digest(body))
    except httpx.HTTPError as error:
        raise StackError(f"Airflow at {addresses.airflow_url} refused the connections: {error}") from error
    write_json(kept_file, {name: _digest(body) for name, body in wanted.items()})
    return sorted(wanted)


def _connection(name: str, url: str, token: str | None) -> dict[str, Any]:
    parts = httpx.URL(url)
    body = {"connection_id": name, "conn_type": "http", "schema": parts.scheme, "host": parts.host, "port": parts.port}
    return {**body, "description": "Posted by `make up`.", **({"password": token} if token else {})}


def _bucket_connection(s3: S3Address) -> dict[str, Any]:
    extra = {"endpoint_url": s3.url, "region_name": "us-east-1"}
    keys = {"login": s3.access_key, "password": s3.secret_key, "extra": json.dumps(extra)}
    return {"connection_id": OWN_S3, "conn_type": "aws", "description": "Posted by `make up`.", **keys}


def _log_in(client: httpx.Client, addresses: Addresses) -> None:
    login = {"username": addresses.airflow_user, "password": addresses.airflow_password}
    response = _refuse_errors(client.post("/auth/token", json=login))
    client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"


def _post_one(client: httpx.Client, name: str, body: Mapping[str, Any], *, is_same: bool) -> None:
    response = _refuse_errors(client.post("/api/v2/connections", json=body), also_fine=409)
    if response.status_code == 409 and not is_same:
        _refuse_errors(client.patch(f"/api/v2/connections/{name}", json=body))


def _refuse_errors(response: httpx.Response, also_fine: int | None = None) -> httpx.Response:
    if response.status_code != also_fine:
        response.raise_for_status()
    return response


def _digest(body: Mapping[str, Any]) -> str:
    """Digest of a posted body, to detect changes without storing the secret a second time."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
