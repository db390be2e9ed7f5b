"""How long and how much the server bears; what a project sets itself stands in the pointer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerLimits:
    """Bounds of one server process."""

    header_s: float = 10.0
    """From a connection's (or request's) first byte to the end of its headers."""
    body_s: float = 10.0
    """From the headers to the end of the body."""
    deadline_s: float = 10.0
    """From the whole body to the answer."""
    decode_s: float = 5.0
    """For decoding one image; must be less than the deadline, so that a hostile one gets a reason."""
    drain_s: float = 1.0
    """How long the server goes on taking requests after it said that it is not ready."""
    retry_after_s: int = 1
    """What a refused client is told to wait."""
    max_connections: int = 512
    max_buffered_bodies: int = 8
    """All bodies that are held at once may together be as large as this many of the largest ones."""
