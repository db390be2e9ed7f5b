"""Fail points: named points just before and after each write, at which a drill ends the process; inactive by default.

The environment arms one for a process: `NIGHTLENS_FAIL_POINT=name:hit:action`, for instance `disk.link.after:2:kill`.
"""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

from pipeline_tasks.errors import SettingsError

ENVIRONMENT = "NIGHTLENS_FAIL_POINT"
ACTIONS = ("kill", "full")
"""`kill` ends the process with SIGKILL; `full` raises the error of a full disk."""

_NOTHING: AbstractContextManager[None] = nullcontext()


def around(name: str) -> AbstractContextManager[None]:
    """Wrap one write: `name.before` is reached when the block begins, `name.after` when it has succeeded."""
    return _NOTHING if _on_reach is None else _Around(name, _on_reach)


def listen(on_reach: Callable[[str], None] | None) -> None:
    """Call `on_reach` at each point from now on; None stops that."""
    global _on_reach
    _on_reach = on_reach


def arm(text: str) -> None:
    """Run the action at the hit-th time that the point is reached; `text` is `name:hit:action`.

    Raises:
        SettingsError: the text has another form.
    """
    name, _, rest = text.partition(":")
    hit, _, action = rest.partition(":")
    if not hit.isdecimal() or action not in ACTIONS or not name.endswith((".before", ".after")):
        wanted = f"wanted name.before:hit:action or name.after:hit:action with an action of {ACTIONS}"
        raise SettingsError(f"{ENVIRONMENT}: {wanted}; found {text!r}")
    hits: Counter[str] = Counter()

    def on_reach(point: str) -> None:
        hits[point] += 1
        if point == name and hits[point] == int(hit):
            _act(action, point)

    listen(on_reach)


def _act(action: str, point: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), point)


class _Around:
    """Context manager that reports the two points of one write."""

    def __init__(self, name: str, on_reach: Callable[[str], None]) -> None:
        self._name, self._on_reach = name, on_reach

    def __enter__(self) -> None:
        self._on_reach(f"{self._name}.before")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._on_reach(f"{self._name}.after")


_on_reach: Callable[[str], None] | None = None
if os.environ.get(ENVIRONMENT):
    arm(os.environ[ENVIRONMENT])
