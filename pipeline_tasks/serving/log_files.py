"""Files of a log of lines, rotated by size; a disk that refuses is reported and never leaves half a line between two others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

CHUNK_BYTES = 1_000_000


class LogFiles:
    """Lines in `predictions.jsonl`; a full file becomes `predictions.1.jsonl`, and so on up to `files` files."""

    def __init__(self, folder: Path, max_file_bytes: int, files: int) -> None:
        """Append to the files in `folder`, after the lines of earlier processes; one that cannot be opened yet is tried again."""
        self._folder, self._max_file_bytes, self._files = folder, max_file_bytes, files
        self._descriptor: int | None = None
        self._size = 0
        self._rest = b""
        """The part of a line that the disk refused after it had taken the line's beginning."""
        with suppress(OSError):
            self._open()

    @property
    def is_torn(self) -> bool:
        """True while the last line is there only in part."""
        return len(self._rest) > len(b"\n")

    def append(self, lines: Sequence[bytes]) -> tuple[int, str]:
        """Append lines, each with its line end; return how many will never be handed in again, and why the disk refused others.

        A line of which the disk took a part counts as taken: its rest is written before anything else.
        """
        taken = 0
        try:
            self._open()
            self._write_rest()
            while taken < len(lines):
                if self._size and self._size + len(lines[taken]) > self._max_file_bytes:
                    self._rotate()
                count = self._fitting(lines, taken)
                taken += self._write(lines[taken : taken + count])
                self._write_rest()
        except OSError as error:
            return taken, str(error)
        return taken, ""

    def close(self) -> None:
        """Close the file; a line that the disk took in part stays as it is, and the next process begins after it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        """Open the newest file; a line that a killed process left without its end gets one."""
        if self._descriptor is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(0)
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        self._size = os.fstat(self._descriptor).st_size
        is_torn = self._size > 0 and os.pread(self._descriptor, 1, self._size - 1) != b"\n"
        if is_torn and not self._rest:
            self._rest = b"\n"

    def _fitting(self, lines: Sequence[bytes], begin: int) -> int:
        """Number of lines from `begin` to write in one go: at least one, without passing the bound of a file or of a chunk."""
        room, count = min(self._max_file_bytes - self._size, CHUNK_BYTES) - len(lines[begin]), 1
        while begin + count < len(lines) and len(lines[begin + count]) <= room:
            room -= len(lines[begin + count])
            count += 1
        return count

    def _write(self, lines: Sequence[bytes]) -> int:
        """Write lines; return the number of those that the disk took, the last perhaps in part."""
        assert self._descriptor is not None
        written = os.write(self._descriptor, b"".join(lines))
        self._size += written
        for number, line in enumerate(lines):
            if written < len(line):
                self._rest = line[written:] if written else b""
                return number + bool(written)
            written -= len(line)
        return len(lines)

    def _write_rest(self) -> None:
        while self._rest:
            assert self._descriptor is not None
            written = os.write(self._descriptor, self._rest)
            self._size += written
            self._rest = self._rest[written:]

    def _rotate(self) -> None:
        """Renumber every file one higher; the oldest is deleted."""
        self.close()
        for number in range(self._files - 2, -1, -1):
            with suppress(FileNotFoundError):
                self._path(number).replace(self._path(number + 1))
        self._open()

    def _path(self, number: int) -> Path:
        return self._folder / (f"predictions.{number}.jsonl" if number else "predictions.jsonl")
