"""Addresses and credentials of outside services."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.s3_connection import Connect, S3Connection
from pipeline_tasks.sources.source_key import KeyOf
from pipeline_tasks.wiring.endpoint import Endpoint
from pipeline_tasks.wiring.local_stack_endpoints import OWN_S3, local_endpoint, local_s3
from pipeline_tasks.wiring.projects import home_folder, read_project

__all__ = [
    "Endpoint",
    "Endpoints",
    "connection_from_environment",
    "endpoints_from_environment",
    "known",
    "web_key_from_environment",
]


def connection_from_environment(connection_id: str | None) -> S3Connection:
    """A source's way to its bucket on the command line: an address and a profile of boto3's, which knows the keys.

    They are NIGHTLENS_S3_<CONNECTION>_URL and NIGHTLENS_S3_<CONNECTION>_PROFILE, else NIGHTLENS_S3_URL and what boto3 finds;
    the local stack's own server is known by its files.
    """
    url = os.environ.get("NIGHTLENS_S3_URL")
    if connection_id is None:
        return S3Connection(url=url)
    prefix = f"NIGHTLENS_S3_{re.sub('[^A-Z0-9]', '_', connection_id.upper())}"
    own, profile = os.environ.get(f"{prefix}_URL", url), os.environ.get(f"{prefix}_PROFILE")
    local = local_s3(home_folder()) if connection_id == OWN_S3 and own is None and profile is None else None
    return local or S3Connection(connection_id, own, profile=profile)


def web_key_from_environment(connection_id: str) -> str:
    """A web source's key on the command line: what the file NIGHTLENS_WEB_<CONNECTION>_TOKEN_FILE holds.

    Raises:
        SettingsError: the variable is not set, or its file cannot be read.
    """
    variable = f"NIGHTLENS_WEB_{re.sub('[^A-Z0-9]', '_', connection_id.upper())}_TOKEN_FILE"
    path = os.environ.get(variable)
    if not path:
        raise SettingsError(f"connection {connection_id}: set {variable} to a file that holds the key (docs/how-to/credentials.md)")
    return _token(variable, Path(path))


@dataclass(frozen=True)
class Endpoints:
    """Outside services, None if not configured; opening a missing one is a SettingsError."""

    label_studio: Endpoint | None = None
    mlflow: Endpoint | None = None
    prediction_server: Endpoint | None = None
    s3: S3Connection | None = None
    """The way to a root on S3."""
    connect: Connect = connection_from_environment
    """Finds a source's connection by its id, when the source is opened."""
    web_key: KeyOf = web_key_from_environment
    """Finds the key of a web source's connection."""


def known(endpoint: Endpoint | None, service: str, project_name: str) -> Endpoint:
    """The address of a required service.

    Raises:
        SettingsError: none is configured.
    """
    if endpoint is None:
        raise SettingsError(
            f"{service}: no address is known; set the Airflow connection of project {project_name!r} or "
            f"NIGHTLENS_{service.upper()}_URL, or start the local stack of {home_folder()} with `make up` "
            "(docs/how-to/credentials.md)"
        )
    return endpoint


def endpoints_from_environment(project_name: str) -> Endpoints:
    """The endpoints of the command line: NIGHTLENS_<SERVICE>_URL and NIGHTLENS_<SERVICE>_TOKEN_FILE, else those of the local stack.

    Raises:
        SettingsError: a token's file cannot be read.
    """
    return Endpoints(
        label_studio=_endpoint("label_studio"),
        mlflow=_endpoint("mlflow"),
        prediction_server=_endpoint(f"prediction_server_{project_name}"),
        s3=connection_from_environment(_root_connection(project_name)),
    )


def _root_connection(project_name: str) -> str | None:
    """The connection that the project's file names for its root; None while there is none or it is broken."""
    try:
        return read_project(project_name).connections.s3
    except SettingsError:
        return None


def _endpoint(service: str) -> Endpoint | None:
    prefix = f"NIGHTLENS_{service.upper()}"
    url, token_file = os.environ.get(f"{prefix}_URL"), os.environ.get(f"{prefix}_TOKEN_FILE")
    token = _token(f"{prefix}_TOKEN_FILE", Path(token_file)) if token_file else None
    if url is not None:
        return Endpoint(url, token)
    local = local_endpoint(home_folder(), service)
    return Endpoint(local.url, token) if local is not None and token is not None else local


def _token(variable: str, path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise SettingsError(f"{variable}: wanted a file with a token, {str(path)!r} cannot be read: {reason}") from error
    if not token:
        raise SettingsError(f"{variable}: wanted a file with a token, {str(path)!r} is empty")
    return token
