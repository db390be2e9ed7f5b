"""Counts what is let in, so that neither time nor memory grows with the number of clients."""

from __future__ import annotations

import threading


class Admission:
    """A count with a bound that may differ from one moment to the next; safe to use from several threads."""

    def __init__(self) -> None:
        """Start empty."""
        self.held = 0
        self._lock = threading.Lock()

    def take(self, amount: int, bound: int) -> bool:
        """Let `amount` more in; False, and nothing is taken, if that would be more than `bound`."""
        with self._lock:
            if self.held + amount > bound:
                return False
            self.held += amount
            return True

    def give_back(self, amount: int) -> None:
        """Make room again."""
        with self._lock:
            self.held -= amount
