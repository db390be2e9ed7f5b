"""Server of gRPC on a port of its own, in the event loop of the HTTP server."""

from __future__ import annotations

import grpc
from grpc_reflection.v1alpha import reflection

from pipeline_tasks.serving.application import ServerState
from pipeline_tasks.serving.certificate import Certificate
from pipeline_tasks.serving.grpc_health import SERVICE as HEALTH
from pipeline_tasks.serving.grpc_health import GrpcHealth
from pipeline_tasks.serving.grpc_service import SERVICE, GrpcService


class GrpcServer:
    """Predictions, health and reflection; started and stopped with the HTTP server."""

    def __init__(self, state: ServerState, address: str, certificate: Certificate | None) -> None:
        """Listen on `address` once started; within the event loop that starts it."""
        self._state, self._address, self._certificate = state, address, certificate

    async def start(self) -> None:
        """Listen.

        Raises:
            SystemExit: the address is taken or cannot be used.
        """
        limits = self._state.limits
        options = (
            ("grpc.max_receive_message_length", limits.max_message_bytes),
            # Two servers on one port would share its calls without a word.
            ("grpc.so_reuseport", 0),
        )
        self._server = grpc.aio.server(options=options, maximum_concurrent_rpcs=limits.max_calls)
        service = GrpcService(self._state.predictor, self._state.metrics, limits, self._state.keys)
        self._server.add_generic_rpc_handlers((service.handlers(), GrpcHealth(lambda: self._state.is_ready, (SERVICE,)).handlers()))
        reflection.enable_server_reflection((SERVICE, HEALTH, reflection.SERVICE_NAME), self._server)
        try:
            self.port = self._listen()
        except RuntimeError as error:
            raise SystemExit(f"--grpc-port: {self._address} cannot be used: {error}") from error
        await self._server.start()

    async def stop(self) -> None:
        """Take no more calls, and finish those that run, within the deadline of one."""
        await self._server.stop(self._state.limits.deadline_s)

    def _listen(self) -> int:
        """The port, which gRPC chooses if the address has port 0."""
        if self._certificate is None:
            return int(self._server.add_insecure_port(self._address))
        pair = (self._certificate.key.read_bytes(), self._certificate.chain.read_bytes())
        return int(self._server.add_secure_port(self._address, grpc.ssl_server_credentials([pair])))
