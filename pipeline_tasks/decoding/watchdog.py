"""One thread that ends what takes too long, for any number of tasks at once; a timer of its own would cost each a new thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Deadlines of running tasks. Its thread starts with the first one, and ends at the last one if nothing runs any more."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._changed = threading.Condition()
        self._running: dict[object, tuple[float, Callable[[], None]]] = {}
        self._wakes_at = float("inf")
        self._is_watching = False

    @contextmanager
    def limit(self, seconds: float, end: Callable[[], None]) -> Iterator[threading.Event]:
        """Call `end` if the block takes longer than this, and never after it; the event says that it was called."""
        ran_out, task = threading.Event(), object()

        def run_out() -> None:
            ran_out.set()
            end()

        self._add(task, time.monotonic() + seconds, run_out)
        try:
            yield ran_out
        finally:
            with self._changed:
                self._running.pop(task, None)

    def _add(self, task: object, deadline: float, run_out: Callable[[], None]) -> None:
        with self._changed:
            self._running[task] = deadline, run_out
            if not self._is_watching:
                self._is_watching = True
                threading.Thread(target=self._watch, daemon=True, name="decoding-watchdog").start()
            elif deadline < self._wakes_at:
                self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while self._running:
                now = time.monotonic()
                for task, (deadline, run_out) in list(self._running.items()):
                    if deadline <= now:
                        del self._running[task]
                        run_out()
                self._wakes_at = min((deadline for deadline, _ in self._running.values()), default=now)
                self._changed.wait(self._wakes_at - now)
            self._is_watching = False
