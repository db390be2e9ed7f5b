"""Airflow's four processes, and the step that creates its tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from local_stack.addresses import AIRFLOW_USER, Addresses
from local_stack.folders import REPOSITORY, Folders
from local_stack.http_probes import is_ok, json_of
from local_stack.postgres_databases import empty_database, made_mark, version_mark
from local_stack.service import Service, environment_for

MIGRATE = "airflow-migrate"
_COMPONENTS = {
    # service: (arguments, its name in Airflow's health, seconds it may take to end)
    "airflow-scheduler": (("scheduler", "--skip-serve-logs"), "scheduler", 15.0),
    "airflow-dag-processor": (("dag-processor",), "dag_processor", 8.0),
    "airflow-triggerer": (("triggerer", "--skip-serve-logs"), "triggerer", 8.0),
}


def airflow_services(folders: Folders, ports: Mapping[str, int], secrets: Mapping[str, str], addresses: Addresses) -> list[Service]:
    """The step that creates the tables, then api-server, scheduler, dag-processor and triggerer."""
    settings = _settings(folders, ports, secrets, addresses)
    migrate = _migrate(folders, settings, lambda: empty_database(folders, "airflow", ports["postgres"], secrets))
    api_server = Service(
        name="airflow-api-server",
        command=(_program(), "api-server"),
        environment=environment_for(folders, "airflow-api-server", **settings),
        port=ports["airflow"],
        needs=(MIGRATE,),
        prepare=lambda: _write_passwords(folders, secrets),
        responds=lambda _: is_ok(f"{addresses.airflow_url}/api/v2/version"),
    )
    others = [
        Service(
            name=name,
            command=(_program(), *arguments),
            environment=environment_for(folders, name, **settings),
            needs=(MIGRATE,),
            responds=_beats(addresses.airflow_url, component),
            stop_grace_s=grace_s,
        )
        for name, (arguments, component, grace_s) in _COMPONENTS.items()
    ]
    return [migrate, api_server, *others]


def _program() -> str:
    return str(Path(sys.executable).parent / "airflow")


def _settings(folders: Folders, ports: Mapping[str, int], secrets: Mapping[str, str], addresses: Addresses) -> dict[str, str]:
    """Settings that depend on this machine: ports, secrets and folders. The others are in airflow.cfg.example."""
    return {
        "AIRFLOW_HOME": str(folders.home / "airflow"),
        "AIRFLOW_CONFIG": str(REPOSITORY / "airflow.cfg.example"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": secrets["airflow_fernet_key"],
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_passwords_file(folders)),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": addresses.postgres["airflow"].dsn(),
        "AIRFLOW__API__PORT": str(ports["airflow"]),
        "AIRFLOW__API__BASE_URL": addresses.airflow_url,
        "AIRFLOW__API__SECRET_KEY": secrets["airflow_api_secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets["airflow_jwt_secret"],
        **_own_dags(folders),
    }


def _own_dags(folders: Folders) -> dict[str, str]:
    """DAG files in `dags` of the home, beside those of Nightlens; looked for when Airflow starts."""
    if not (own := folders.home / "dags").is_dir():
        return {}
    bundle = {"classpath": "airflow.dag_processing.bundles.local.LocalDagBundle"}
    bundles = [bundle | {"name": "dags-folder", "kwargs": {}}, bundle | {"name": "own-dags", "kwargs": {"path": str(own)}}]
    return {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles)}


def _migrate(folders: Folders, settings: Mapping[str, str], prepare: Callable[[], None]) -> Service:
    """Create Airflow's tables once for each version and cluster; afterwards the step costs nothing."""
    made = made_mark(folders, "airflow")
    of_version = version_mark(folders, "airflow", version("apache-airflow-core"))
    command = 'test -e "$0" || { "$2" db migrate && touch "$1" "$0"; }'
    return Service(
        name=MIGRATE,
        command=("/bin/sh", "-c", command, str(of_version), str(made), _program()),
        environment=environment_for(folders, MIGRATE, **settings),
        needs=("postgres",),
        prepare=prepare,
        responds=lambda _: False,
        is_step=True,
    )


def _passwords_file(folders: Folders) -> Path:
    return folders.home / "airflow" / "passwords.json"


def _write_passwords(folders: Folders, secrets: Mapping[str, str]) -> None:
    """Write the password file that Airflow reads at each login."""
    path = _passwords_file(folders)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps({AIRFLOW_USER: secrets["airflow_password"]}), encoding="utf-8")


def _beats(url: str, component: str) -> Callable[[float], bool]:
    """Readiness check of a component: its heartbeat must be newer than its start, so that an earlier process does not count."""

    def has_beat(started_at: float) -> bool:
        health = json_of(f"{url}/api/v2/monitor/health").get(component) or {}
        beat = health.get(f"latest_{component}_heartbeat")
        return health.get("status") == "healthy" and beat is not None and datetime.fromisoformat(beat).timestamp() > started_at

    return has_beat
