"""The receiver as a process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import uvicorn

from pipeline_tasks.receiving.application import make_application
from pipeline_tasks.receiving.device_keys import DeviceKeys
from pipeline_tasks.receiving.limits import ReceiverLimits
from pipeline_tasks.receiving.received_images import ReceivedImages
from pipeline_tasks.receiving.signed_requests import SignedRequests
from pipeline_tasks.sent_images.inbox import RECEIVING
from pipeline_tasks.serving.header_timeout_protocol import HeaderTimeoutProtocol


@dataclass(frozen=True)
class Address:
    """Place to listen at, with the files of its certificate for https."""

    host: str
    port: int
    certificate: Path | None = None
    certificate_key: Path | None = None


def serve(inbox: Path, keys: Path, address: Address, limits: ReceiverLimits) -> None:
    """Receive until the process is told to stop.

    Raises:
        SettingsError: the keys cannot be used.
    """
    images = ReceivedImages(inbox, limits)
    signed = SignedRequests(DeviceKeys(keys), inbox / RECEIVING, limits.max_clock_off_s)
    configuration = uvicorn.Config(
        make_application(images, signed, limits),
        host=address.host,
        port=address.port,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.certificate_key,
        http=type("Protocol", (HeaderTimeoutProtocol,), {"header_s": limits.header_s}),
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        server_header=False,
        limit_concurrency=limits.max_connections,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(limits.body_s),
    )
    uvicorn.Server(configuration).run()
