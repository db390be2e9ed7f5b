"""Time and size limits of a server process; a project's own limits are in the pointer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerLimits:
    """Bounds of one server process."""

    header_s: float = 10.0
    """Seconds from a connection's (or request's) first byte to the end of its headers."""
    body_s: float = 10.0
    """Seconds from the headers to the end of the body."""
    deadline_s: float = 10.0
    """Seconds from the complete body to the response."""
    decode_s: float = 5.0
    """Seconds for decoding one image; less than the deadline, so that a hostile file is refused with a reason."""
    drain_s: float = 1.0
    """Seconds that the server still accepts requests after it reports that it is not ready."""
    retry_after_s: int = 1
    """Seconds that a refused client is told to wait."""
    max_connections: int = 512
    log_waiting_bytes: int = 16_000_000
    """Bound on the lines of the prediction log in memory while its disk refuses them; a usual line has 400 bytes."""
    max_buffered_bodies: int = 8
    """Bound on all bodies in memory, as a multiple of the largest allowed body."""
    max_batch: int = 32
    """Images of one request to /predict_batch."""
    max_batch_bodies: int = 4
    """Bound on the body of one batch, as a multiple of the largest allowed image; at most `max_buffered_bodies`."""
    max_message_bytes: int = 64_000_000
    """Bytes of one message of gRPC; the project's own bound on an image is checked in it."""
    max_calls: int = 128
    """Calls of gRPC at once, whatever they ask; with `max_message_bytes` the bound on memory for their messages."""
