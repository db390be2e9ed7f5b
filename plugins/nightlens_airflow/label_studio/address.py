"""Address, token and limits of a Label Studio server, from an Airflow connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError

if TYPE_CHECKING:
    from airflow.sdk import Connection

REQUESTS_PER_MINUTE = 60.0


@dataclass(frozen=True)
class LabelStudioAddress:
    """The way to one server."""

    url: str
    token: str | None
    requests_per_minute: float = REQUESTS_PER_MINUTE
    """Most requests that the triggers of one triggerer send, however many wait."""
    webhook_secret: str | None = None


def address_of(connection: Connection) -> LabelStudioAddress:
    """Read a connection of type `label_studio` or `http`: its password is the token, its schema field is http or https.

    Raises:
        SettingsError: it has no host, or `requests_per_minute` in its extra is no positive number.
    """
    if not connection.host:
        raise SettingsError(f"connection {connection.conn_id}: wanted a host, found none; edit it under Admin, Connections")
    host = connection.host if "://" in connection.host else f"{connection.schema or 'http'}://{connection.host}"
    extra = connection.extra_dejson
    said = extra.get("requests_per_minute", REQUESTS_PER_MINUTE)
    try:
        rate = float(said)
    except (TypeError, ValueError):
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise SettingsError(f"connection {connection.conn_id}: wanted requests_per_minute above 0 in its extra, found {said!r}")
    port = f":{connection.port}" if connection.port else ""
    return LabelStudioAddress(host.rstrip("/") + port, connection.password or None, rate, extra.get("webhook_secret") or None)
