"""Output of `make status`: each service with its state."""

from __future__ import annotations

from typing import Any

from local_stack.addresses import S3Address, read_addresses
from local_stack.ending import supervisor_pid
from local_stack.folders import Folders
from local_stack.postgres_service import data_folder
from local_stack.processes import stack_processes
from local_stack.supervisor import read_state
from local_stack.watch import DONE, READY

_HEAD = ("service", "state", "pid", "address", "restarts", "")


def status(folders: Folders) -> tuple[str, bool]:
    """Text of the table, and True if all services are ready."""
    if supervisor_pid(folders) is None:
        left = len(stack_processes(folders.digest, data_folder(folders)))
        return (
            f"the supervisor was killed and {left} processes are left; run `make up` or `make down`"
            if left
            else "nothing is running"
        ), False
    state = read_state(folders)
    services = state["services"]
    is_ready = bool(services) and all(one["state"] in (READY, DONE) for one in services.values())
    owner = [] if state.get("owner") is None else [f"these services end with process {state['owner']}, which started them"]
    trouble = [f"trouble: {state['trouble']}"] if state["trouble"] else []
    return "\n".join([*table(services), *owner, *trouble]), is_ready


def table(services: dict[str, Any]) -> list[str]:
    """One line a service below a header, in columns as wide as their widest entry."""
    rows = [_HEAD, *(_row(name, one) for name, one in services.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def logins(folders: Folders) -> str:
    """Addresses and logins for people."""
    addresses = read_addresses(folders.home)
    lines = [
        f"Airflow       {addresses.airflow_url}  {addresses.airflow_user}  {addresses.airflow_password}",
        f"Label Studio  {addresses.label_studio_url}  {addresses.label_studio_email}  {addresses.label_studio_password}",
        f"MLflow        {addresses.mlflow_url}",
        *([] if addresses.s3 is None else [_bucket(addresses.s3, folders)]),
        *(
            f"Predictions   {url}  ({project}; gRPC {addresses.prediction_calls.get(project, 'after the next start')})"
            for project, url in addresses.prediction_servers.items()
        ),
    ]
    return "\n".join(lines)


def _bucket(s3: S3Address, folders: Folders) -> str:
    return f"S3            {s3.url}  s3://{s3.bucket}  (keys in {folders.secrets_file})"


def _row(name: str, one: dict[str, Any]) -> tuple[str, ...]:
    pid = "" if one["pid"] is None else str(one["pid"])
    return (name, one["state"], pid, one["address"], str(one["restarts"] or ""), one["detail"])
