"""Service endpoints from Airflow's connections, so that addresses are edited in Airflow and secrets stay out of XComs."""

from __future__ import annotations

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import Project
from pipeline_tasks.wiring.endpoints import Endpoint, Endpoints, S3Endpoint
from pipeline_tasks.wiring.last_settings import project_or_last_settings


def read_endpoints(project_name: str) -> Endpoints:
    """Endpoints of a project's services, for a task. A service without a connection is None; a stage that needs it says so.

    Raises:
        SettingsError: no such project, or a connection without a host.
    """
    ids = connection_ids(project_or_last_settings(project_name))
    return _endpoints({service: _read(connection_id) for service, connection_id in ids.items()})


async def read_endpoints_in_trigger(project_name: str) -> Endpoints:
    """The same for a trigger, without blocking its event loop."""
    ids = connection_ids(project_or_last_settings(project_name))
    return _endpoints({service: await _read_in_trigger(connection_id) for service, connection_id in ids.items()})


def connection_ids(project: Project) -> dict[str, str]:
    """Service → id of its Airflow connection."""
    ids = {
        "label_studio": project.connections.label_studio,
        "mlflow": project.connections.mlflow,
        "prediction_server": project.connections.prediction_server or f"nightlens_prediction_server_{project.project}",
    }
    return ids if project.connections.s3 is None else ids | {"s3": project.connections.s3}


def endpoint_of(connection: Connection) -> Endpoint:
    """Address and token of a connection of type http: the password is the token, the schema field is http or https.

    Raises:
        SettingsError: it has no host.
    """
    if not connection.host:
        raise SettingsError(f"connection {connection.conn_id}: wanted a host, found none; edit it under Admin, Connections")
    address = connection.host if "://" in connection.host else f"{connection.schema or 'http'}://{connection.host}"
    port = f":{connection.port}" if connection.port else ""
    return Endpoint(address.rstrip("/") + port, connection.password or None)


def s3_endpoint_of(connection: Connection) -> S3Endpoint:
    """Address and keys of a connection of type aws: login, password, and endpoint_url and region_name in `extra`."""
    extra = connection.extra_dejson
    return S3Endpoint(extra.get("endpoint_url"), connection.login, connection.password, extra.get("region_name"))


def _endpoints(found: dict[str, Connection | None]) -> Endpoints:
    def http_endpoint(service: str) -> Endpoint | None:
        connection = found[service]
        return None if connection is None else endpoint_of(connection)

    s3 = found.get("s3")
    return Endpoints(
        http_endpoint("label_studio"),
        http_endpoint("mlflow"),
        http_endpoint("prediction_server"),
        None if s3 is None else s3_endpoint_of(s3),
    )


def _read(connection_id: str) -> Connection | None:
    try:
        connection: Connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        return None
    return connection


async def _read_in_trigger(connection_id: str) -> Connection | None:
    try:
        connection: Connection = await Connection.async_get(connection_id)
    except AirflowNotFoundException:
        return None
    return connection
