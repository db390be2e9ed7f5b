"""Prediction servers: one for each project file."""

from __future__ import annotations

import sys

from local_stack.addresses import read_addresses
from local_stack.folders import Folders
from local_stack.http_probes import is_ok
from local_stack.ports import grpc_port_name, keep_ports, prediction_port_name
from local_stack.project_files import project_roots, s3_connection
from local_stack.secret_values import keep_secrets
from local_stack.service import Service, environment_for
from pipeline_tasks.wiring.local_stack_endpoints import OWN_S3


def prediction_services(folders: Folders) -> dict[str, Service]:
    """Project name → its server, for the current project files; a new project gets a port that it keeps."""
    roots = project_roots(folders.home)
    ports = keep_ports(folders, [name(project) for project in roots for name in (prediction_port_name, grpc_port_name)])
    return {
        project: _service(folders, project, root, ports[prediction_port_name(project)], ports[grpc_port_name(project)])
        for project, root in roots.items()
    }


def service_name(project: str) -> str:
    """Service name of a project's server."""
    return f"prediction-{project}"


def _service(folders: Folders, project: str, root: str, port: int, grpc_port: int) -> Service:
    places = ("--root", root, "--project", project, "--port", str(port), "--cache", str(folders.home / "serving" / project))
    calls = ("--grpc-port", str(grpc_port))
    people = ("--people", str(folders.home / "for_people"))
    return Service(
        name=service_name(project),
        command=(sys.executable, "-m", "pipeline_tasks.serving", *places, *calls, *people),
        environment=environment_for(folders, service_name(project), **_way_to_root(folders, project, root), **_backend(folders)),
        port=port,
        responds=lambda _: is_ok(f"http://127.0.0.1:{port}/healthz"),
        is_essential=False,
        start_limit_s=60.0,
    )


def _backend(folders: Folders) -> dict[str, str]:
    """The token by which Label Studio may ask the server for suggestions."""
    return {"NIGHTLENS_LABEL_STUDIO_BACKEND_TOKEN": keep_secrets(folders)["label_studio_backend_token"]}


def _way_to_root(folders: Folders, project: str, root: str) -> dict[str, str]:
    """Variables by which a prediction server finds a root on the stack's own S3 server; for others those of `make up` count."""
    s3 = read_addresses(folders.home).s3
    if s3 is None or not root.startswith("s3://") or s3_connection(folders.home, project) != OWN_S3:
        return {}
    return {"NIGHTLENS_S3_URL": s3.url, "AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
