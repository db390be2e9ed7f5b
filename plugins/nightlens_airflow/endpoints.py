"""Service endpoints from Airflow's connections, so that addresses are edited in Airflow and secrets stay out of XComs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException
from asgiref.sync import sync_to_async

from pipeline_tasks.errors import ServiceUnavailableError, SettingsError
from pipeline_tasks.settings import Project
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.wiring.endpoints import Endpoint, Endpoints
from pipeline_tasks.wiring.last_settings import project_or_last_settings

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def read_endpoints(project_name: str) -> Endpoints:
    """Endpoints of a project's services, for a task. A service without a connection is None; a stage that needs it says so.

    Raises:
        SettingsError: no such project, or a connection without a host.
    """
    project = project_or_last_settings(project_name)
    found = _endpoints({service: _read(connection_id) for service, connection_id in connection_ids(project).items()})
    return replace(found, s3=root_connection(project), connect=bucket_connection, web_key=web_key)


def root_connection(project: Project) -> S3Connection | None:
    """The way to a root on S3; None if the project names no connection or Airflow knows none of that id: boto3 then finds the keys.

    Raises:
        SettingsError, ServiceUnavailableError: as `bucket_connection`.
    """
    connection_id = project.connections.s3
    return None if connection_id is None or _read(connection_id) is None else bucket_connection(connection_id)


def bucket_connection(connection_id: str | None) -> S3Connection:
    """A source's way to its bucket as plain values, by Amazon's own hook: keys, an assumed role, endpoint, region.

    Where a connection has neither keys nor a role nor a profile, the keys stay with boto3, which renews them by itself.

    Raises:
        SettingsError: there is no such connection, or the hook cannot use it.
        ServiceUnavailableError: the service that gives the keys of a role does not answer.
    """
    if connection_id is None:
        return S3Connection()
    if _read(connection_id) is None:
        raise SettingsError(
            f"connection {connection_id}: Airflow knows none of this id; add it under Admin, Connections as Amazon Web Services, "
            "or correct `connection` of the source (docs/how-to/take-images-from-s3.md)"
        )
    # Imported here, because only stages that open such a source need Amazon's provider.
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

    hook = S3Hook(aws_conn_id=connection_id)
    said = hook.conn_config
    try:
        keys = hook.get_credentials(region_name=hook.region_name) if _has_keys_of_its_own(said) else None
    except (ConnectionError, HTTPClientError) as error:
        raise ServiceUnavailableError(f"connection {connection_id}: whoever gives its keys does not answer: {error}") from error
    except (BotoCoreError, ClientError, AirflowException, ValueError) as error:
        raise SettingsError(f"connection {connection_id}: its keys or its role cannot be used: {error}") from error
    return S3Connection(
        connection_id,
        said.get_service_endpoint_url("s3"),
        access_key=None if keys is None else keys.access_key,
        secret_key=None if keys is None else keys.secret_key,
        session_token=None if keys is None else keys.token,
        region=hook.region_name,
        certificates=hook.verify,
        options=said.extra_config.get("config_kwargs") or {},
    )


def web_key(connection_id: str) -> str:
    """A source's key: the password of its connection, or the key file or SAS token in the extra of a Google or Azure connection.

    Raises:
        SettingsError: there is no such connection, or it has no key.
    """
    connection = _read(connection_id)
    key = None if connection is None else connection.password or _key_in_extra(connection)
    if not key:
        found = "Airflow knows none of this id" if connection is None else "it has no password"
        raise SettingsError(
            f"connection {connection_id}: {found}; add one of type HTTP under Admin, Connections, with the key as its password "
            "(docs/how-to/take-images-from-the-web.md)"
        )
    return str(key)


def _key_in_extra(connection: Connection) -> str | None:
    """`keyfile_dict` of a Google connection, which may be text or fields, or `sas_token` of an Azure one."""
    extra = connection.extra_dejson
    found = extra.get("keyfile_dict") or extra.get("sas_token")
    return json.dumps(found) if isinstance(found, dict) else found


def _has_keys_of_its_own(connection: AwsConnectionWrapper) -> bool:
    own = (connection.aws_access_key_id, connection.role_arn, connection.profile_name, connection.assume_role_method)
    return any(one is not None for one in own)


async def read_endpoints_in_trigger(project_name: str) -> Endpoints:
    """The same for a trigger, without blocking its event loop."""
    project = project_or_last_settings(project_name)
    found = {service: await _read_in_trigger(connection_id) for service, connection_id in connection_ids(project).items()}
    return replace(_endpoints(found), s3=await in_trigger(root_connection)(project))


async def read_source_endpoints_in_trigger(project: Project) -> Endpoints:
    """The ways to a project's root and to its watched sources, for a trigger.

    Raises:
        SettingsError, ServiceUnavailableError: as `bucket_connection`.
    """
    # Imported here, because a DAG file imports this module.
    from pipeline_tasks.sources.source import is_opened_with_key

    buckets: dict[str | None, S3Connection] = {}
    keys: dict[str, str] = {}
    for source in project.sources:
        connection_id = source.connection_id()
        if not source.is_watched():
            continue
        if not is_opened_with_key(source):
            buckets[connection_id] = await in_trigger(bucket_connection)(connection_id)
        elif connection_id is not None:
            keys[connection_id] = await in_trigger(web_key)(connection_id)
    return Endpoints(s3=await in_trigger(root_connection)(project), connect=buckets.__getitem__, web_key=keys.__getitem__)


def connection_ids(project: Project) -> dict[str, str]:
    """Service → id of its Airflow connection, of type HTTP."""
    return {
        "label_studio": project.connections.label_studio,
        "mlflow": project.connections.mlflow,
        "prediction_server": project.connections.prediction_server or f"nightlens_prediction_server_{project.project}",
    }


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


def _endpoints(found: dict[str, Connection | None]) -> Endpoints:
    def http_endpoint(service: str) -> Endpoint | None:
        connection = found[service]
        return None if connection is None else endpoint_of(connection)

    return Endpoints(http_endpoint("label_studio"), http_endpoint("mlflow"), http_endpoint("prediction_server"))


def _read(connection_id: str) -> Connection | None:
    try:
        connection: Connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        return None
    return connection


def in_trigger(function: Callable[Parameters, Result]) -> Callable[Parameters, Awaitable[Result]]:
    """Make a function that asks Airflow for connections one to await: in a thread from which it reaches the event loop again."""
    return sync_to_async(function, thread_sensitive=False)


async def _read_in_trigger(connection_id: str) -> Connection | None:
    try:
        connection: Connection = await Connection.async_get(connection_id)
    except AirflowNotFoundException:
        return None
    return connection
