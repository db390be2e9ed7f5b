"""Address, token and limits of a Label Studio server, from an Airflow connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import JsonObject

if TYPE_CHECKING:
    from airflow.sdk import Connection

REQUESTS_PER_MINUTE = 60.0
SHORTEST_SECRET = 16
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class LabelStudioAddress:
    """The way to one server."""

    url: str
    token: str | None
    requests_per_minute: float = REQUESTS_PER_MINUTE
    """Most requests that the triggers of one triggerer send, however many wait."""
    webhook_port: int | None = None
    """Port of the triggerer for webhooks."""
    webhook_secret: str | None = None
    webhook_host: str = LOOPBACK
    """Address of the triggerer at which it listens for webhooks."""


def address_of(connection: Connection) -> LabelStudioAddress:
    """Read a connection of type `label_studio` or `http`: its password is the token, its schema field is http or https.

    Raises:
        SettingsError: it has no host, or `requests_per_minute` in its extra is no positive number.
    """
    if not connection.host:
        raise SettingsError(f"connection {connection.conn_id}: wanted a host, found none; edit it under Admin, Connections")
    host = connection.host if "://" in connection.host else f"{connection.schema or 'http'}://{connection.host}"
    extra = connection.extra_dejson
    said = extra.get("requests_per_minute")
    if said in (None, ""):
        # Airflow's form saves a field that is left empty as null.
        said = REQUESTS_PER_MINUTE
    try:
        rate = float(said)
    except (TypeError, ValueError):
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise SettingsError(f"connection {connection.conn_id}: wanted requests_per_minute above 0 in its extra, found {said!r}")
    port = f":{connection.port}" if connection.port else ""
    hook_port, secret = _webhook(connection.conn_id, extra)
    return LabelStudioAddress(
        url=host.rstrip("/") + port,
        token=connection.password or None,
        requests_per_minute=rate,
        webhook_port=hook_port,
        webhook_secret=secret,
        webhook_host=str(extra.get("webhook_host") or LOOPBACK),
    )


def _webhook(connection_id: str, extra: JsonObject) -> tuple[int | None, str | None]:
    """Port and secret of the receiver of webhooks; none without a port."""
    port, secret = extra.get("webhook_port"), str(extra.get("webhook_secret") or "")
    if port in (None, ""):
        return None, None
    if not str(port).isdigit() or not 0 < int(port) < 65_536 or len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"connection {connection_id}: wanted in its extra a webhook_port from 1 to 65535 and a webhook_secret of "
            f"{SHORTEST_SECRET} characters or more, found port {port!r} and {len(secret)} characters"
        )
    return int(port), secret
