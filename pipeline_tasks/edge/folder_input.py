"""A folder into which another program writes images; only files at rest are read, and none is changed."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.frame import Frame, Pixels, shown_name
from pipeline_tasks.edge.settings import InputSettings
from pipeline_tasks.errors import SettingsError

MAX_BYTES = 50_000_000
MAX_PIXELS = 50_000_000
_LOOK_EVERY_S = 1.0
_ENOUGH_PX = 640
"""Shorter side for which a large JPEG is decoded; models see far less."""
_REDUCED = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}


class FolderInput:
    """The files below a folder, by name. Files whose name begins with a dot, or ends in .tmp or .part, are being written."""

    def __init__(self, settings: InputSettings, state: AgentState, stop: threading.Event) -> None:
        """Read below `settings.place`.

        Raises:
            SettingsError: it is no folder.
        """
        self._folder, self._settle_s, self._every_s = Path(settings.place), settings.settle_s, settings.every_s
        self._state, self._stop = state, stop
        if not self._folder.is_dir():
            raise SettingsError(f"input.place: wanted a folder, found {self._folder}")

    def frames(self, *, is_once: bool) -> Iterator[Frame]:
        """Yield the images that were not handled in this version yet."""
        before: dict[str, str] = {}
        while not self._stop.is_set():
            there = dict(self._files())
            self._state.forget_handled(there)
            new = {name: stamp for name, stamp in there.items() if not self._state.is_handled(name, stamp)}
            at_rest = [name for name, stamp in new.items() if self._settle_s == 0 or before.get(name) == stamp]
            for name in at_rest:
                if self._stop.is_set():
                    return
                yield from self._frame(name, new[name])
                self._stop.wait(self._every_s)
            if is_once and len(at_rest) == len(new):
                return
            before = new
            self._stop.wait(max(self._settle_s, 0.05) if is_once else max(self._settle_s, _LOOK_EVERY_S))

    def _files(self) -> Iterator[tuple[str, str]]:
        """Path inside the folder and version of each file, by name."""
        for folder, folders, names in os.walk(self._folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if name.startswith(".") or name.lower().endswith((".tmp", ".part")):
                    continue
                path = os.path.join(folder, name)
                try:
                    status = os.stat(path, follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield os.path.relpath(path, self._folder), f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}"

    def _frame(self, name: str, stamp: str) -> Iterator[Frame]:
        """The image of a file, or none with a count and a reason; the file counts as handled afterwards."""
        try:
            content, modified_at = _read(self._folder / name)
            pixels = decoded(content)
        except (OSError, ValueError, cv2.error) as error:
            self._state.drop(None, shown_name(name), "not_readable_here", str(error))
        else:
            yield Frame(pixels, content, shown_name(name), modified_at=modified_at)
        self._state.handle(name, stamp, ["seen"])


def decoded(content: bytes, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Pixels of an image file, blue first; of a large JPEG at a reduced size.

    Raises:
        ValueError: it is no image that OpenCV reads, or it is too large.
    """
    flag = _REDUCED.get(_reduction(content), cv2.IMREAD_COLOR)
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
    if pixels is None:
        raise ValueError("OpenCV does not read it as an image")
    if pixels.shape[0] * pixels.shape[1] > max_pixels:
        raise ValueError(f"{pixels.shape[1]} x {pixels.shape[0]} pixels, wanted at most {max_pixels}")
    return np.asarray(pixels, np.uint8)


def _reduction(content: bytes) -> int:
    """1, or the number by which a JPEG's sides are divided, by the size that its header states."""
    size = _jpeg_size(content) if content.startswith(b"\xff\xd8\xff") else None
    return 1 if size is None else next((number for number in (8, 4, 2) if min(size) // number >= _ENOUGH_PX), 1)


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height by the frame header; None if there is none near the beginning."""
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[place + 7 : place + 9], "big"), int.from_bytes(content[place + 5 : place + 7], "big")
        place += 2 + length
    return None


def _read(path: Path) -> tuple[bytes, datetime]:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_size > MAX_BYTES:
            raise ValueError(f"{status.st_size} bytes, wanted at most {MAX_BYTES}")
        content = file.read(status.st_size + 1)
    if len(content) != status.st_size or not content:
        raise ValueError("empty" if not content else "changed while it was read")
    return content, datetime.fromtimestamp(min(max(status.st_mtime, 0), 4e9), timezone.utc)
