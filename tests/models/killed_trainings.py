"""Program that starts trainings, each in a process of its own, and kills them right after their first checkpoint.

`python -m models.killed_trainings MODULE FOLDER` leaves there, of each training in the module's `TRAININGS`, the checkpoint and the
status of its process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from models.trainings_of_kinds import Given

from pipeline_tasks.models.journal import Journal
from pipeline_tasks.settings.fit import USUAL


def kill_trainings(module: str, folder: Path) -> None:
    """Run this program in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "models.killed_trainings", module, str(folder)]
    subprocess.run(command, env=environment, check=True, timeout=600)


def checkpoint_of(folder: Path, name: str) -> Path:
    """File of a training's checkpoint."""
    return folder / f"{name}.ckpt"


def train_until_checkpoint(name: str, training: Given, folder: Path) -> None:
    """Train; from the first checkpoint of the training's phase on wait to be killed."""

    def keep(phase: str, done: int, content: bytes) -> None:
        if phase == training.phase:
            checkpoint_of(folder, name).write_bytes(content)
            os.write(ready, b"!")
            signal.pause()

    ready = int(os.environ["READY"])
    training.run(Journal(keep_checkpoint=keep), folder / f"scratch-{os.getpid()}", USUAL)


def main(trainings: Mapping[str, Given], folder: Path) -> None:
    """Start and kill all of them."""
    for name, training in trainings.items():
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.environ["READY"] = str(write)
            train_until_checkpoint(name, training, folder)
            os._exit(1)
        os.close(write)
        # The end of the pipe without a byte is a training that ended without a checkpoint.
        assert os.read(read, 1) == b"!", f"{name}: no checkpoint"
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        checkpoint_of(folder, name).with_suffix(".status").write_text(str(status))


if __name__ == "__main__":
    main(import_module(sys.argv[1]).TRAININGS, Path(sys.argv[2]))
