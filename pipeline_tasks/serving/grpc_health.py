"""Health service of gRPC (grpc.health.v1): serving while there is a model and the server is not shutting down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

LOOK_EVERY_S = 0.2
SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
_STATUS = health_pb2.HealthCheckResponse


class GrpcHealth:
    """Handlers of the health protocol, which ask `is_ready` each time, so that they never lag behind /readyz."""

    def __init__(self, is_ready: Callable[[], bool], services: tuple[str, ...]) -> None:
        """Report on the server as a whole (the empty name) and on `services`."""
        self._is_ready, self._services = is_ready, ("", *services)

    def handlers(self) -> grpc.GenericRpcHandler:
        """The service's methods, to be added to a server."""
        kinds = {
            "request_deserializer": health_pb2.HealthCheckRequest.FromString,
            "response_serializer": health_pb2.HealthCheckResponse.SerializeToString,
        }
        check = grpc.unary_unary_rpc_method_handler(self.check, **kinds)
        watch = grpc.unary_stream_rpc_method_handler(self.watch, **kinds)
        return grpc.method_handlers_generic_handler(SERVICE, {"Check": check, "Watch": watch})

    async def check(self, request: Any, call: Any) -> Any:
        """Say if a service is ready; an unknown one is NOT_FOUND."""
        if request.service not in self._services:
            await call.abort(grpc.StatusCode.NOT_FOUND, f"Wanted one of {self._services}, found {request.service[:100]!r}.")
        return _STATUS(status=self._status(request.service))

    async def watch(self, request: Any, call: Any) -> AsyncIterator[Any]:
        """Say it now, and again whenever it changes."""
        said = None
        while True:
            status = self._status(request.service)
            if status != said:
                said = status
                yield _STATUS(status=status)
            await asyncio.sleep(LOOK_EVERY_S)

    def _status(self, service: str) -> Any:
        if service not in self._services:
            return _STATUS.SERVICE_UNKNOWN
        return _STATUS.SERVING if self._is_ready() else _STATUS.NOT_SERVING
