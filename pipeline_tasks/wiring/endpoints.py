"""Addresses of the services outside, and what opens them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_tasks.errors import SettingsError


@dataclass(frozen=True)
class Endpoint:
    """Address and token of a service; its repr hides the token."""

    url: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class S3Endpoint:
    """Address and keys of an S3-compatible store; boto3 searches for fields that are None (instance role, environment)."""

    url: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    region: str | None = None


@dataclass(frozen=True)
class Endpoints:
    """The services outside, each None until it is known; opening a missing one is a SettingsError."""

    label_studio: Endpoint | None = None
    mlflow: Endpoint | None = None
    prediction_server: Endpoint | None = None
    s3: S3Endpoint | None = None


def known(endpoint: Endpoint | None, service: str, project_name: str) -> Endpoint:
    """The address of a service that a stage cannot do without.

    Raises:
        SettingsError: there is none.
    """
    if endpoint is None:
        raise SettingsError(
            f"{service}: no address is known; set the Airflow connection of project {project_name!r} or "
            f"NIGHTLENS_{service.upper()}_URL"
        )
    return endpoint


def endpoints_from_environment(project_name: str) -> Endpoints:
    """The endpoints of the command line: NIGHTLENS_<SERVICE>_URL and NIGHTLENS_<SERVICE>_TOKEN_FILE."""
    return Endpoints(
        label_studio=_endpoint_from_environment("LABEL_STUDIO"),
        mlflow=_endpoint_from_environment("MLFLOW"),
        prediction_server=_endpoint_from_environment(f"PREDICTION_SERVER_{project_name.upper()}"),
        s3=S3Endpoint(os.environ.get("NIGHTLENS_S3_URL")),
    )


def _endpoint_from_environment(service: str) -> Endpoint | None:
    url, token_file = os.environ.get(f"NIGHTLENS_{service}_URL"), os.environ.get(f"NIGHTLENS_{service}_TOKEN_FILE")
    if url is None:
        return None
    return Endpoint(url, Path(token_file).read_text().strip() if token_file else None)
