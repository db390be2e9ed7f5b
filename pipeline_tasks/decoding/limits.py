"""What one image may cost: bytes, pixels, seconds and memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Above one of these a file is rejected; the last three hold only in child processes."""

    max_bytes: int = 160_000_000
    """Of the file: 50 megapixels fit even uncompressed."""
    max_pixels: int = 50_000_000
    """Width times height in the header, checked before anything is decoded."""
    max_cpu_s: int = 10
    """Of one decode; whole seconds, because the kernel counts so."""
    max_wall_s: float = 120.0
    """Of one decode, for a child that sleeps instead of working."""
    max_memory_bytes: int = 1_536 * 1024 * 1024
    """Address space of a child: enough for any image within the other limits."""


DEFAULT_LIMITS = Limits()
"""What holds where nobody says otherwise, so that every machine gives a file the same verdict."""
