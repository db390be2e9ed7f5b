"""Both ends of a benchmark's side that has several steps: the process that takes them, and who watches it from outside.

Each step that ends says in a line of JSON what it took; so a side that is stopped by a time limit has told of all before it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import Any

Took = dict[str, float]
"""wall_s, cpu_s (of all threads) and peak_bytes of memory since the process began."""


def take_steps(steps: Mapping[str, Callable[[], object]]) -> None:
    """Take one after the other and print what each took."""
    for name, step in steps.items():
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"step": name} | took | {"peak_bytes": peak_bytes}), flush=True)


def watch_steps(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], limits_s: Mapping[str, float]
) -> dict[str, Took]:
    """Run a side in `folder` and return what its steps took; the first one that is too slow, and all behind it, are not in it.

    `limits_s` are of wall time and name the steps in their order. What follows the last step has no limit.
    """
    found: dict[str, Took] = {}
    with (folder / "messages.txt").open("w+") as messages:
        side = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=messages, text=True, cwd=folder, env=os.environ | dict(environment)
        )
        for limit_s in limits_s.values():
            said, is_stopped = _line(side, limit_s)
            if is_stopped:
                return found
            if said:
                found[said.pop("step")] = said
        if side.wait():
            messages.seek(0)
            sys.exit(f"{' '.join(command[:3])}: {messages.read()[-2000:]}")
    return found


def as_seconds(took: Took) -> str:
    """CPU and, in brackets, wall time."""
    return f"{took['cpu_s']:.2f} ({took['wall_s']:.2f}) s"


def _line(side: subprocess.Popen[str], limit_s: float) -> tuple[dict[str, Any], bool]:
    """Next output of the side, and True if it was stopped because it was silent for too long."""
    began = time.perf_counter()
    timer = Timer(limit_s, side.kill)
    timer.start()
    assert side.stdout is not None
    line = side.stdout.readline()
    timer.cancel()
    is_stopped = not line and time.perf_counter() - began >= limit_s
    if is_stopped:
        side.wait()
    return (json.loads(line) if line else {}), is_stopped
