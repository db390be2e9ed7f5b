"""Runs of a growing list that are kept as one object each, so that few objects hold many small ones.

A list of n is cut at the greatest multiple of 8^k, then at that of 8^(k-1), and so on: 60 entries are 0 to 56 and 56 to 60. So
there is at most one span a power of 8, a reader opens as many objects at night 60 as at night 10, and an entry is written again
about four times for each power of 8. A run that has grown to the greatest size is closed: its span is never written again.
"""

from __future__ import annotations

from collections.abc import Sequence

FANOUT = 8
Span = tuple[int, int]
"""First entry, and the one behind the last."""


def spans(sizes: Sequence[int], max_size: int) -> list[Span]:
    """Cut a list of entries of these sizes; what is appended later changes only spans behind the last closed one."""
    found: list[Span] = []
    start = total = 0
    for number, size in enumerate(sizes):
        if total and total + size > max_size:
            found.append((start, number))
            start, total = number, 0
        total += size
    return found + [(start + first, start + end) for first, end in _levels(len(sizes) - start)]


def child_spans(length: int) -> list[Span]:
    """Spans from which a span of `length` entries is built: those before its last entry, and the last entry."""
    return [*_levels(length - 1), (length - 1, length)]


def _levels(count: int) -> list[Span]:
    step, start, found = 1, 0, list[Span]()
    while step * FANOUT <= count:
        step *= FANOUT
    while step:
        end = start + (count - start) // step * step
        if end > start:
            found.append((start, end))
        start, step = end, step // FANOUT
    return found
