"""Admission control, so that neither time nor memory grows with the number of clients."""

from __future__ import annotations

import threading


class Admission:
    """A counter with a bound that may change between calls; safe to use from several threads."""

    def __init__(self) -> None:
        """Start at zero."""
        self.held = 0
        self._lock = threading.Lock()

    def take(self, amount: int, bound: int) -> bool:
        """Admit `amount` more and return True; return False and admit nothing if the total would exceed `bound`."""
        with self._lock:
            if self.held + amount > bound:
                return False
            self.held += amount
            return True

    def give_back(self, amount: int) -> None:
        """Release `amount`."""
        with self._lock:
            self.held -= amount
