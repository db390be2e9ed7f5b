"""Processes that do a fit together with the one that starts them, which alone has the journal.

They are started as a module's program: Airflow's task processes may not start any by multiprocessing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.strategies import DDPStrategy

from pipeline_tasks.models.fit_material import FitMaterial, write_material
from pipeline_tasks.models.process_share import Share

MODULE = "pipeline_tasks.models.fit_process"
LOOK_EVERY_S = 0.05
END_WITHIN_S = 10.0
"""Time for a killed process to be known as ended after its connection is."""
LOG_END = 2000
"""Characters of an ended process's log that an error shows."""


@contextmanager
def other_processes(material: FitMaterial, folder: Path) -> Iterator[Share]:
    """Start the other processes, and join them as number 0; they end with the block.

    Raises:
        ChildProcessError: one of them ended before the fit; with the end of its log.
        ModelError: the material cannot be sent to other processes.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="processes-", dir=folder)))
        write_material(material, scratch)
        count = material.plan.fit.processes
        started = {number: _started(scratch, number) for number in range(1, count)}
        stack.callback(_end, list(started.values()))
        _wait_until_ready(started, scratch)
        with process_group(scratch, Share(0, count)) as share:
            try:
                yield share
            except RuntimeError as error:
                # The loss of a neighbour reaches us as an error of the connection, in words of the library.
                if why := _why_one_ended(started, scratch):
                    raise ChildProcessError(why) from error
                raise


@contextmanager
def process_group(folder: Path, share: Share) -> Iterator[Share]:
    """Join the processes that meet at a file of this folder."""
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    meeting = f"file://{(folder / 'meeting').absolute()}"
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=share.number, world_size=share.count)
    try:
        yield share
    finally:
        torch.distributed.destroy_process_group()


def strategy_of(share: Share) -> DDPStrategy:
    """Lightning's way for several processes that are already there."""
    # Each process has the statistics of all, so buffers need no broadcast.
    return DDPStrategy(cluster_environment=_Started(share), broadcast_buffers=False)


class _Started(LightningEnvironment):
    """Processes that we have started ourselves; nothing is read from or written to the environment."""

    creates_processes_externally = True

    def __init__(self, share: Share) -> None:
        super().__init__()
        self._share = share

    def local_rank(self) -> int:
        """Number of this process."""
        return self._share.number

    def node_rank(self) -> int:
        """Number of this machine, the only one."""
        return 0


def ready_file(folder: Path, number: int) -> Path:
    """File by which a process says that it has read its material."""
    return folder / f"ready-{number}"


def failed_file(folder: Path, number: int) -> Path:
    """File by which a process says why it failed, before its connection ends."""
    return folder / f"failed-{number}"


def _log_file(folder: Path, number: int) -> Path:
    return folder / f"log-{number}"


def _started(folder: Path, number: int) -> subprocess.Popen[bytes]:
    """A process of this number; it ends when our end of its standard input is closed, so it never outlives us."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    with _log_file(folder, number).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", MODULE, str(folder), str(number)], stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment
        )


def _wait_until_ready(started: dict[int, subprocess.Popen[bytes]], folder: Path) -> None:
    waiting = set(started)
    while waiting:
        for number in sorted(waiting):
            if ready_file(folder, number).exists():
                waiting.remove(number)
            elif started[number].poll() is not None:
                raise ChildProcessError(_ended(number, started[number], folder))
        time.sleep(LOOK_EVERY_S if waiting else 0)


def _why_one_ended(started: dict[int, subprocess.Popen[bytes]], folder: Path) -> str:
    """Words of the process that ended, or is ending; empty if all wait for us, as after an error of our own."""
    for number in started:
        if failed_file(folder, number).exists():
            return f"training.fit.processes: process {number} failed: {failed_file(folder, number).read_text()[-LOG_END:]}"
    until = time.monotonic() + END_WITHIN_S
    while time.monotonic() < until:
        for number, process in started.items():
            if process.poll() is not None:
                return _ended(number, process, folder)
        time.sleep(LOOK_EVERY_S)
    return ""


def _ended(number: int, process: subprocess.Popen[bytes], folder: Path) -> str:
    said = _log_file(folder, number).read_text(errors="replace")[-LOG_END:]
    return f"training.fit.processes: process {number} ended with status {process.returncode} before the fit did; it said: {said}"


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for one in processes:
        one.kill()
        one.wait()
        if one.stdin is not None:
            one.stdin.close()
