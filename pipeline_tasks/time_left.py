"""An estimate of the time that long work still takes, in words."""

from __future__ import annotations


def time_left(done: int, of: int, seconds: float) -> str:
    """`, about 4 min left` after so many seconds of work at an even pace; empty at the start and at the end."""
    if done <= 0 or done >= of:
        return ""
    left_s = seconds * (of - done) / done
    if left_s < 60:
        return f", about {max(1, round(left_s))} s left"
    return f", about {round(left_s / 60)} min left" if left_s < 7200 else f", about {round(left_s / 3600)} h left"
