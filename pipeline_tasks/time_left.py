"""An estimate of the time that long work still takes, in words."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def time_left(done: int, of: int, seconds: float) -> str:
    """`, about 4 min left` after so many seconds of work at an even pace; empty at the start and at the end."""
    if done <= 0 or done >= of:
        return ""
    left_s = seconds * (of - done) / done
    if left_s < 60:
        return f", about {max(1, round(left_s))} s left"
    return f", about {round(left_s / 60)} min left" if left_s < 7200 else f", about {round(left_s / 3600)} h left"


def with_progress(things: Iterable[T], of: int, what: str, logger: logging.Logger) -> Iterator[T]:
    """Pass on things, and log at every tenth of them how many are done and how long the rest takes: `what: 3 of 30, about …`."""
    every, started = max(1, of // 10), time.monotonic()
    for number, one in enumerate(things, start=1):
        yield one
        if number % every == 0 or number == of:
            logger.info("%s: %d of %d%s", what, number, of, time_left(number, of, time.monotonic() - started))
