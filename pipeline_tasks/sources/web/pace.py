"""Pace of requests: so many a second to each host, none while a host asks to wait, and none to a host that does not answer."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_WAIT_S = 120.0
"""A host that asks for a longer pause is left for tonight."""
FAILURES_IN_A_ROW = 5
"""After so many requests without an answer a host is left for tonight."""


@dataclass
class _Host:
    next_at: float = 0.0
    held_until: float = 0.0
    failures: int = 0


class Pace:
    """The requests of one process; other processes of the same night have a pace of their own."""

    def __init__(
        self, per_s: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """At most `per_s` requests a second to each host."""
        self._gap_s = 1 / per_s
        self._clock, self._sleep = clock, sleep
        self._hosts: defaultdict[str, _Host] = defaultdict(_Host)
        self._lock = threading.Lock()

    def why_not(self, place: str) -> str | None:
        """Reason not to ask this host any more tonight; None to ask."""
        with self._lock:
            host = self._hosts[place]
            if host.failures >= FAILURES_IN_A_ROW:
                return f"{place} did not answer {host.failures} requests in a row, so it is not asked again now"
            wait_s = host.held_until - self._clock()
        if wait_s > LONGEST_WAIT_S:
            return f"{place} asks to wait {wait_s:.0f} s more, and no more than {LONGEST_WAIT_S:.0f} s are waited"
        return None

    def wait_for_turn(self, place: str) -> None:
        """Sleep until the next request to this host may be sent."""
        with self._lock:
            host, now = self._hosts[place], self._clock()
            turn = max(host.next_at, host.held_until, now)
            host.next_at = turn + self._gap_s
        if turn > now:
            self._sleep(turn - now)

    def hold(self, place: str, seconds: float) -> None:
        """Send nothing to this host for so long."""
        with self._lock:
            self._hosts[place].held_until = max(self._hosts[place].held_until, self._clock() + seconds)

    def record(self, place: str, *, has_responded: bool) -> None:
        """Count requests without an answer."""
        with self._lock:
            self._hosts[place].failures = 0 if has_responded else self._hosts[place].failures + 1
