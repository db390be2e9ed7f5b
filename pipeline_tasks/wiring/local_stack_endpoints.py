"""Addresses and tokens of the services that `make up` started for this home, from the files that it left there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.wiring.endpoint import Endpoint

OWN_S3 = "nightlens_s3"
"""Id of the connection to the local stack's own S3 server."""


def local_endpoint(home: Path, service: str) -> Endpoint | None:
    """Endpoint of `label_studio`, `mlflow` or `prediction_server_<project>`; None if no stack was ever started in this home.

    Raises:
        SettingsError: the stack's files cannot be read.
    """
    port = _read(home / "stack" / "ports.json").get(service)
    if port is None:
        return None
    token = _read(home / "stack" / "secrets.json").get(f"{service}_token")
    return Endpoint(f"http://127.0.0.1:{port}", None if token is None else str(token))


def local_s3(home: Path) -> S3Connection | None:
    """The way to the stack's own S3 server; None if it has none.

    Raises:
        SettingsError: the stack's files cannot be read.
    """
    port, secrets = _read(home / "stack" / "ports.json").get("s3"), _read(home / "stack" / "secrets.json")
    if port is None:
        return None
    keys = str(secrets.get("s3_access_key")), str(secrets.get("s3_secret_key"))
    return S3Connection(OWN_S3, f"http://127.0.0.1:{port}", *keys, region="us-east-1")


def _read(path: Path) -> Mapping[str, str | int]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: the local stack's file cannot be read: {error}; `make up` writes it again") from error
    return content if isinstance(content, dict) else {}
