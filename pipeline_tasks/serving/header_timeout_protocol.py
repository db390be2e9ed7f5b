"""HTTP protocol that closes connections which never finish their headers; uvicorn would wait for them for ever."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class HeaderTimeoutProtocol(H11Protocol):
    """HTTP/1.1 with a time limit on each request's headers."""

    header_s: ClassVar[float] = 10.0
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first request's headers."""
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Start the timer when headers begin; stop it when they are complete."""
        if self._header_timer is None and self._is_idle():
            self._expect_headers()
        super().data_received(data)
        if not self._is_idle():
            self._stop_expecting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timer."""
        self._stop_expecting()
        super().connection_lost(exc)

    def _is_idle(self) -> bool:
        """Return True if no request is running on this connection."""
        return self.cycle is None or self.cycle.response_complete

    def _expect_headers(self) -> None:
        self._header_timer = self.loop.call_later(self.header_s, self._give_up)

    def _stop_expecting(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _give_up(self) -> None:
        self._header_timer = None
        if self._is_idle() and not self.transport.is_closing():
            self.transport.close()
