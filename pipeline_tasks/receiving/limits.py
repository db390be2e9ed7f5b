"""Limits of a receiver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReceiverLimits:
    """Bounds of one receiver process."""

    max_image_bytes: int = 50_000_000
    max_part_bytes: int = 4_194_304
    """Of one request; a larger image comes in parts."""
    max_unfinished: int = 8
    """Of one device; a device sends one after the other, so older ones are leftovers."""
    min_free_bytes: int = 1_000_000_000
    """Below this, no image is begun; devices wait."""
    max_clock_off_s: float = 300.0
    """Time within which a request is accepted, before and after."""
    full_retry_after_s: int = 60
    header_s: float = 10.0
    body_s: float = 30.0
    max_connections: int = 128
