"""Addresses and logins of a local stack's services, for the demo, the tests and people."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from local_stack.folders import Folders
from local_stack.kept_json import read_json
from local_stack.ports import grpc_port_name, prediction_port_name
from local_stack.project_files import project_files


@dataclass(frozen=True)
class PostgresAddress:
    """Connection to one database; its repr hides the password."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)

    def dsn(self, driver: str = "postgresql+psycopg2") -> str:
        """The address for SQLAlchemy. It contains the password: pass it by environment, never as an argument."""
        return f"{driver}://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class S3Address:
    """The stack's own S3 server; its repr hides the keys."""

    url: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    bucket: str = "nightlens"
    """The bucket that the stack makes."""


@dataclass(frozen=True)
class Addresses:
    """Addresses and logins of the services of one NIGHTLENS_HOME; its repr hides secrets."""

    airflow_url: str
    airflow_user: str
    airflow_password: str = field(repr=False)
    label_studio_url: str
    label_studio_email: str
    label_studio_password: str = field(repr=False)
    label_studio_token: str = field(repr=False)
    mlflow_url: str
    prediction_servers: dict[str, str]
    prediction_calls: dict[str, str]
    """Project → host and port of its prediction server's gRPC."""
    postgres: dict[str, PostgresAddress]
    s3: S3Address | None = None
    """None: this stack has no S3 server."""


AIRFLOW_USER = "admin"
LABEL_STUDIO_EMAIL = "admin@nightlens.local"
DATABASES = ("airflow", "mlflow", "label_studio")


def read_addresses(home: Path) -> Addresses:
    """Read the addresses and logins of the stack of a NIGHTLENS_HOME, whether it is up or not.

    `prediction_servers` maps each project to its address; `postgres` maps each database (`airflow`, `mlflow`,
    `label_studio`) to its connection.

    Raises:
        StackError: the stack of this home was never started.
    """
    folders = Folders.of(home)
    ports, secrets = read_json(folders.ports_file), read_json(folders.secrets_file)
    servers = {name: prediction_port_name(name) for name in project_files(folders.home)}
    return Addresses(
        airflow_url=_url(ports["airflow"]),
        airflow_user=AIRFLOW_USER,
        airflow_password=secrets["airflow_password"],
        label_studio_url=_url(ports["label_studio"]),
        label_studio_email=LABEL_STUDIO_EMAIL,
        label_studio_password=secrets["label_studio_password"],
        label_studio_token=secrets["label_studio_token"],
        mlflow_url=_url(ports["mlflow"]),
        prediction_servers={name: _url(ports[port]) for name, port in servers.items() if port in ports},
        prediction_calls={name: f"127.0.0.1:{ports[port]}" for name in servers if (port := grpc_port_name(name)) in ports},
        postgres={
            name: PostgresAddress("127.0.0.1", ports["postgres"], name, name, secrets[f"postgres_{name}_password"])
            for name in DATABASES
        },
        s3=S3Address(_url(ports["s3"]), secrets["s3_access_key"], secrets["s3_secret_key"]) if "s3" in ports else None,
    )


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
