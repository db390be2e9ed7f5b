"""Work in a process of its own, while services start and earlier nights run, so that later steps do not wait for it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from demo.errors import DemoError

LOOK_EVERY_S = 0.2
NICENESS = 10
"""Takes what the services and the nights leave of the processor."""


class WorkAhead:
    """One child process that does numbered pieces of work, from 1 on, in their order."""

    def __init__(self, work: Callable[[int], None]) -> None:
        """Call `work` with the number of each piece; it must be picklable. Nothing is begun yet."""
        self._work = work
        self._pieces = 0
        self._child: BaseProcess | None = None

    @contextmanager
    def begin(self, pieces: int) -> Iterator[None]:
        """Begin with the first piece; pieces left at the end of the block are not done."""
        self._child = get_context("spawn").Process(target=_do_all, args=(self._work, pieces), name="ahead")
        self._child.start()
        self._pieces = pieces
        try:
            yield
        finally:
            _end(self._child)
            self._child, self._pieces = None, 0

    def does(self, piece: int) -> bool:
        """True for a piece that was begun or will be."""
        return piece <= self._pieces

    def wait(self, is_done: Callable[[], bool], tell: Callable[[], None]) -> None:
        """Wait until a piece is done; `tell` is called at each look.

        Raises:
            DemoError: the process ended before.
        """
        while not is_done():
            if self._child is None or not self._child.is_alive():
                if is_done():
                    return
                raise DemoError("the process that works ahead ended too soon; see its error above")
            tell()
            time.sleep(LOOK_EVERY_S)


def _do_all(work: Callable[[int], None], pieces: int) -> None:
    """Do the pieces in a group of our own, which is ended as a whole; Ctrl-C is the parent's business."""
    os.setpgrp()
    os.nice(NICENESS)
    for piece in range(1, pieces + 1):
        work(piece)


def _end(child: BaseProcess) -> None:
    assert child.pid is not None
    if child.exitcode == 0:
        return
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        child.kill()  # It has ended, or has no group yet.
    child.join()
