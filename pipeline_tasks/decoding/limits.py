"""Limits on the decoding of one image: bytes, pixels, seconds and memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits above which a file is rejected; the last three apply only in child processes."""

    max_bytes: int = 160_000_000
    """Size of the file; 50 megapixels fit even uncompressed."""
    max_pixels: int = 50_000_000
    """Width times height in the header, checked before anything is decoded."""
    max_cpu_s: int = 10
    """Processor time of one decode, in whole seconds as the kernel counts them."""
    max_wall_s: float = 120.0
    """Elapsed time of one decode, for a child that hangs without using the processor."""
    max_memory_bytes: int = 1_536 * 1024 * 1024
    """Address space of a child: enough for any image within the other limits."""


DEFAULT_LIMITS = Limits()
"""Limits by default, the same on every machine, so that a file is accepted or rejected everywhere alike."""
