"""The server process; before it ends it reports that it is not ready and finishes the running requests."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from types import FrameType

import uvicorn

from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.serving.api_keys import ApiKeys
from pipeline_tasks.serving.application import ServerState, make_application
from pipeline_tasks.serving.certificate import Certificate
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.grpc_server import GrpcServer
from pipeline_tasks.serving.header_timeout_protocol import HeaderTimeoutProtocol
from pipeline_tasks.serving.label_studio_backend import BackendAccess
from pipeline_tasks.serving.last_good import LastGood
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.serving.prediction_threads import PredictionThreads
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore


def serve(
    root: ObjectStore,
    project: str,
    cache: Path,
    host: str,
    port: int,
    limits: ServerLimits | None = None,
    backend: BackendAccess | None = None,
    keys: ApiKeys | None = None,
    certificate: Certificate | None = None,
    grpc_port: int | None = None,
) -> None:
    """Serve a project until the process is told to stop; `keys`, `certificate` and `grpc_port` add API keys, TLS and gRPC."""
    limits, threads, metrics = limits or ServerLimits(), len(os.sched_getaffinity(0)), Metrics()
    follower = Follower(
        root,
        LastGood(DiskObjects(cache / "last_good")),
        project,
        on_change=lambda outcome: metrics.changes.labels(outcome).inc(),
    )
    log = PredictionLog(cache, max_waiting_bytes=limits.log_waiting_bytes, on_lost=metrics.count_lost)
    metrics.log_waiting.set_function(lambda: log.waiting_bytes)
    with DecodingPool(threads, Limits(max_cpu_s=int(limits.decode_s), max_wall_s=limits.decode_s)) as decoder:
        prediction_threads = PredictionThreads(decoder, log, metrics, threads)
        state = ServerState(follower, prediction_threads, metrics, limits, backend, keys)
        prediction_threads.warm()
        follower.start()
        try:
            calls = None if grpc_port is None else GrpcServer(state, f"{host}:{grpc_port}", certificate)
            DrainingServer(_configuration(state, host, port, certificate), state, calls).run()
        finally:
            follower.stop()
            prediction_threads.close()
            log.close()


class DrainingServer(uvicorn.Server):
    """A server that reports not ready for a moment before it stops accepting requests."""

    def __init__(self, config: uvicorn.Config, state: ServerState, calls: GrpcServer | None) -> None:
        """Serve `state` over HTTP, and over gRPC beside it unless `calls` is None."""
        super().__init__(config)
        self._state, self._calls = state, calls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen for calls of gRPC, then for HTTP, whose probes say that both are there."""
        if self._calls:
            await self._calls.start()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what runs, over both protocols at the same time."""
        ends = [super().shutdown(sockets)]
        await asyncio.gather(*ends, *([self._calls.stop()] if self._calls else []))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain on the first signal, end at once on a second one."""
        if self._state.is_draining:
            super().handle_exit(sig, frame)
            return
        self._state.is_draining = True
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, self._state.limits.drain_s, self._end)

    def _end(self) -> None:
        self.should_exit = True


def _configuration(state: ServerState, host: str, port: int, certificate: Certificate | None) -> uvicorn.Config:
    protocol = type("Protocol", (HeaderTimeoutProtocol,), {"header_s": state.limits.header_s})
    return uvicorn.Config(
        make_application(state),
        host=host,
        port=port,
        http=protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        server_header=False,
        limit_concurrency=state.limits.max_connections,
        ssl_certfile=certificate.chain if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(state.limits.deadline_s),
    )
