"""Program that starts each training in a process of its own and kills it right after its first checkpoint.

`python -m models.killed_trainings FOLDER` leaves there, of each training, the checkpoint and the status of its process.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from models.trainings_of_kinds import TRAININGS

from pipeline_tasks.models.journal import Journal
from pipeline_tasks.settings.fit import USUAL


def checkpoint_of(folder: Path, name: str) -> Path:
    """File of a training's checkpoint."""
    return folder / f"{list(TRAININGS).index(name)}.ckpt"


def train_until_checkpoint(name: str, folder: Path) -> None:
    """Train; from the first checkpoint of the training's phase on wait to be killed."""

    def keep(phase: str, done: int, content: bytes) -> None:
        if phase == TRAININGS[name].phase:
            checkpoint_of(folder, name).write_bytes(content)
            os.write(ready, b"!")
            signal.pause()

    ready = int(os.environ["READY"])
    TRAININGS[name].run(Journal(keep_checkpoint=keep), folder / f"scratch-{os.getpid()}", USUAL)


def main(folder: Path) -> None:
    """Start and kill all of them."""
    for name in TRAININGS:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.environ["READY"] = str(write)
            train_until_checkpoint(name, folder)
            os._exit(1)
        os.close(write)
        # The end of the pipe without a byte is a training that ended without a checkpoint.
        assert os.read(read, 1) == b"!", f"{name}: no checkpoint"
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        checkpoint_of(folder, name).with_suffix(".status").write_text(str(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
