"""Kills a search right before and right after trials are recorded, goes on in a new process each time, and compares the outcome.

Each kill is a SIGKILL at a fail point of the store. A kill before the write loses one trial's work, which the next process repeats;
a kill behind it loses nothing. `make drill-killed-search` kills at every trial; `--kills 2` at so many of the points only.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from given_search import CYCLE, TRIALS, Search

from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.fail_points import ENVIRONMENT
from pipeline_tasks.tables.trial import Trial

POINTS = ("part.put_once.before:1:kill", "part.put_once.after:1:kill")


def main(words: list[str] | None = None) -> int:
    """Run the drill; 0 if every kill hit and both searches ended alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=len(POINTS) * TRIALS)
    parser.add_argument("--folder", type=Path, help="run one search there to its end, or go on with it; no drill")
    given = parser.parse_args(words)
    if given.folder is not None:
        search(given.folder)
        return 0
    with tempfile.TemporaryDirectory(prefix="killed-search-") as name:
        undisturbed, killed = Path(name, "undisturbed"), Path(name, "killed")
        undisturbed.mkdir()
        killed.mkdir()
        search(undisturbed)
        statuses = [in_process(killed, POINTS[kill % 2]) for kill in range(given.kills)]
        last = in_process(killed, None)
        wanted = (undisturbed / "outcome").read_text()
        found = (killed / "outcome").read_text() if last == 0 else f"nothing, status {last}"
    hits = statuses.count(-signal.SIGKILL)
    say(f"{hits} of {given.kills} kills hit; {found if found == wanted else f'DIFFERS: {found} is not {wanted}'}")
    return 0 if hits == given.kills and found == wanted else 1


def search(folder: Path) -> None:
    """Open the search or go on with it, to its end."""
    one = Search(folder, objects=DiskObjects(folder / "root"))
    one.whole()
    chosen, trials = one.choose(), one.store.read(Trial, CYCLE).to_dicts()
    (folder / "outcome").write_text(f"{len(trials)} trials, best {chosen.best_trial}; {asdict(chosen)}; {trials}")


def in_process(folder: Path, armed: str | None) -> int:
    """Run the search in a process of its own; its exit status."""
    environment = os.environ | ({} if armed is None else {ENVIRONMENT: armed})
    return subprocess.run([sys.executable, __file__, "--folder", str(folder)], env=environment, check=False).returncode


def say(line: str) -> None:
    """Log a line."""
    print(line[:600], flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
