"""Plays 500 sequences of 50 rules against a model of the store, in memory and on disk; `make drill-properties`."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from storage.a_store_machine import StoreMachine

from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions import version_leaves

EXAMPLES, STEPS = 500, 50


def main() -> int:
    """Play at full size; a counter-example raises."""
    for where in sys.argv[1:] or ("memory", "disk"):
        begin = time.monotonic()
        played = play(where, EXAMPLES, STEPS)
        say(f"{where}: {EXAMPLES} x {STEPS}: {played['steps']} steps and no counter-example in {time.monotonic() - begin:.0f} s")
    return 0


def play(where: str, examples: int, steps: int) -> Counter[str]:
    """Let the machine find a counter-example; how many steps it took."""
    played: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="machine-") as folder:
        machine = type("Counted", (StoreMachine,), {"check_invariants": counting(played), **opening(where, Path(folder))})
        chosen = settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        # A kill takes nothing from the system's own memory; small leaves and many snapshots, so that few steps meet all.
        quick = patch.object(os, "fsync", lambda _: None), patch.object(state, "SNAPSHOT_EVERY_EVENTS", 3)
        with quick[0], quick[1], patch.object(version_leaves, "MAX_LEAF_ROWS", 4):
            run_state_machine_as_test(machine, settings=chosen)
    return played


def opening(where: str, folder: Path) -> dict[str, Callable[[StoreMachine], Callable[[], ObjectStore]]]:
    """Differences between a machine on disk and one in memory."""
    if where == "memory":
        return {}

    def opener(_: StoreMachine) -> Callable[[], ObjectStore]:
        root = Path(tempfile.mkdtemp(dir=folder))
        return lambda: DiskObjects(root)

    return {"opener": opener}


def counting(played: Counter[str]) -> Callable[..., None]:
    """Counts the steps of a machine."""

    def check_invariants(self: StoreMachine, *arguments: object) -> None:
        played["steps"] += 1
        super(type(self), self).check_invariants(*arguments)  # type: ignore[misc]

    return check_invariants


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
