"""MLflow server with its registry: runs and versions in PostgreSQL, artifacts in a folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from local_stack.addresses import Addresses
from local_stack.folders import Folders
from local_stack.http_probes import is_ok
from local_stack.postgres_databases import empty_database, made_mark
from local_stack.service import Service, environment_for


def mlflow_service(folders: Folders, ports: Mapping[str, int], secrets: Mapping[str, str], addresses: Addresses) -> Service:
    """The server; its database address contains a password, so it is passed by environment."""
    port = ports["mlflow"]
    settings = {
        "MLFLOW_BACKEND_STORE_URI": addresses.postgres["mlflow"].dsn(),
        # Prevents it from starting eight more processes.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    }
    command = (str(Path(sys.executable).parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    limits = ("--allowed-hosts", f"127.0.0.1:{port},localhost:{port}", "--cors-allowed-origins", addresses.mlflow_url)
    return Service(
        name="mlflow",
        command=(*command, "--artifacts-destination", str(folders.home / "mlflow"), *limits),
        environment=environment_for(folders, "mlflow", **settings),
        port=port,
        needs=("postgres",),
        prepare=lambda: empty_database(folders, "mlflow", ports["postgres"], secrets),
        complete=made_mark(folders, "mlflow").touch,
        responds=lambda _: is_ok(f"{addresses.mlflow_url}/health"),
    )
