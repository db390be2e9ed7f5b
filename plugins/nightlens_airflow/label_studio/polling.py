"""The poller that all triggers of a triggerer share, a server each."""

from __future__ import annotations

import asyncio
import logging
import time
import weakref

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from nightlens_airflow.label_studio.address import LabelStudioAddress, address_of
from nightlens_airflow.label_studio.webhook import WebhookReceiver
from pipeline_tasks.clients.label_studio_poller import Poller, poller_of
from pipeline_tasks.errors import SettingsError

logger = logging.getLogger(__name__)

_READ_AGAIN_S = 60.0
"""Seconds after which an edited connection counts."""


class _Addresses:
    """Connections as they were read last; one reader at a time, whoever waits."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._lock = asyncio.Lock()
        self._read: dict[str, tuple[float, LabelStudioAddress]] = {}

    async def find(self, connection_id: str) -> LabelStudioAddress:
        """The address of a connection, read at most once a minute."""
        async with self._lock:
            read_at, address = self._read.get(connection_id, (None, None))
            if address is None or read_at is None or time.monotonic() - read_at > _READ_AGAIN_S:
                address = address_of(await _connection(connection_id))
                self._read[connection_id] = (time.monotonic(), address)
            return address


async def poller_of_connection(connection_id: str) -> Poller:
    """The one poller of this triggerer for the server of a connection.

    Raises:
        SettingsError: there is no such connection, or it names no server or token.
    """
    addresses = _ADDRESSES.setdefault(asyncio.get_running_loop(), _Addresses())
    address = await addresses.find(connection_id)
    poller = poller_of(address.url, address.token, address.requests_per_minute)
    if address.webhook_port is not None and address.webhook_secret is not None:
        await _listen((address.webhook_host, address.webhook_port), connection_id, (address.webhook_secret, poller))
    return poller


async def _listen(place: tuple[str, int], connection_id: str, taker: tuple[str, Poller]) -> None:
    """Take webhooks, once a loop and place (host, port), for all connections that name it; a secret that was changed counts.

    A place that is taken is said once.
    """
    listeners = _LISTENERS.setdefault(asyncio.get_running_loop(), {})
    if place in listeners:
        listeners[place].pollers[connection_id] = taker
        return
    receiver = listeners[place] = WebhookReceiver({connection_id: taker})
    try:
        await receiver.serve(*place)
    except OSError as error:
        # Hints are not needed: the next look comes anyway.
        logger.warning("label_studio: no webhooks are taken, because %s:%d cannot be opened: %s", *place, error.strerror)


_LISTENERS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, int], WebhookReceiver]] = (
    weakref.WeakKeyDictionary()
)
_ADDRESSES: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Addresses] = weakref.WeakKeyDictionary()


async def _connection(connection_id: str) -> Connection:
    try:
        connection: Connection = await Connection.async_get(connection_id)
    except AirflowNotFoundException as error:
        raise SettingsError(
            f"connection {connection_id}: Airflow knows none of this id; add it under Admin, Connections"
        ) from error
    return connection
