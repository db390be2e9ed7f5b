"""Entries of ZIP and TAR files in one form, read one after the other within limits."""

from __future__ import annotations

import bz2
import gzip
import math
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import IO

from pipeline_tasks.formats.finding import refuse

_HEADER_BYTES = 2**20
"""Longest header of an entry of a TAR file, whose names and notes are read into memory."""
_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _END_64_BYTES, _LONGEST_NOTE = 22, 20, 56, 65535
_MOST_LIST_BYTES = 512 * 2**20
"""A longer list of the entries of a ZIP file is not read into memory."""
_LAST_TIME_S = 4_000_000_000
ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
DAMAGES = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error),
    *(EOFError, OSError, ValueError, NotImplementedError, RuntimeError),
)
"""Errors of the standard library on an archive that is damaged."""


@dataclass(frozen=True)
class Entry:
    """A file or a folder of an archive."""

    name: str
    """As it is written, with folders."""
    size: int
    is_folder: bool
    modified_s: float
    open: Callable[[], IO[bytes]]
    problem: str | None = None
    """Reason why it is no plain file or folder."""


@contextmanager
def refusing_damage(where: str) -> Iterator[None]:
    """Turn the standard library's errors on a damaged archive into ours.

    Raises:
        SettingsError: the archive is damaged.
    """
    try:
        yield
    except DAMAGES as error:
        if isinstance(error, OSError) and error.errno is not None:  # Of the disk, not of the archive.
            raise
        wanted = "a whole ZIP or TAR file; pack it again"
        raise refuse(where, f"a damaged one ({' '.join(str(error).split())[:120]})", wanted) from error


def zip_entries(path: Path, most: int) -> Iterator[Entry]:
    """Entries of a ZIP file, of which there are at most so many.

    Raises:
        SettingsError: there are more.
    """
    _check_list(path, most)
    with zipfile.ZipFile(path) as archive:
        for one in archive.infolist():
            problem = _zip_problem(one)
            yield Entry(one.orig_filename, one.file_size, one.is_dir(), _zip_time(one), partial(archive.open, one), problem)


def tar_entries(path: Path, most: int) -> Iterator[Entry]:
    """Entries of a TAR file; the content of each must be read before the next.

    Raises:
        SettingsError: a header is too long.
    """
    with _decompressed(path) as file:
        metered = _Metered(file, path)
        with tarfile.open(fileobj=metered, mode="r|", tarinfo=_StrictHeader) as archive:  # type: ignore[call-overload]
            for number in range(most + 1):
                metered.left = _HEADER_BYTES
                if (one := archive.next()) is None:
                    metered.read_to_end()
                    return
                archive.members.clear()
                if number == most:
                    raise refuse(str(path), f"more than {most} entries", f"at most {most}; import parts of it")
                metered.left = one.size + _HEADER_BYTES
                problem = _tar_problem(one)
                yield Entry(one.name, one.size, one.isdir(), _tar_time(one), partial(_content, archive, one), problem)


def _content(archive: tarfile.TarFile, one: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(one)
    assert file is not None, "only plain files are opened"
    return file


def _zip_problem(one: zipfile.ZipInfo) -> str | None:
    mode = one.external_attr >> 16
    if one.flag_bits & ENCRYPTED:
        return "an encrypted file"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link" if stat.S_ISLNK(mode) else "a device"
    return None if one.compress_type in METHODS else f"the compression method {one.compress_type}"


def _tar_problem(one: tarfile.TarInfo) -> str | None:
    if one.issym() or one.islnk():
        return f"a link to {one.linkname[:60]}"
    if one.sparse is not None:
        return "a file with holes"
    return None if one.isreg() or one.isdir() else "a device"


def _zip_time(one: zipfile.ZipInfo) -> float:
    try:
        return datetime(*one.date_time, tzinfo=timezone.utc).timestamp()
    except ValueError:
        return 0.0


def _tar_time(one: tarfile.TarInfo) -> float:
    time_s = float(one.mtime)
    return min(max(time_s, 0.0), _LAST_TIME_S) if math.isfinite(time_s) else 0.0


class _StrictHeader(tarfile.TarInfo):
    """A header of which damage is an error: the standard library takes a damaged one, or none, for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _StrictHeader:
        """Read a header."""
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise  # The end of the archive.
            raise tarfile.ReadError(f"an entry's header: {error}") from error


class _Metered:
    """A file of which only so many bytes may be read until the next entry."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self.left = _HEADER_BYTES

    def read(self, size: int) -> bytes:
        """Read so many bytes.

        Raises:
            SettingsError: an entry's header is longer than any that names a file.
        """
        content = self._file.read(size)
        self.left -= len(content)
        if self.left < 0:
            raise refuse(str(self._path), f"a header of more than {_HEADER_BYTES} bytes", "names of files")
        return content

    def read_to_end(self) -> None:
        """Read what follows the last entry, after which the check sum of the packed bytes is compared."""
        while self.read(tarfile.RECORDSIZE):
            pass


def _decompressed(path: Path) -> IO[bytes]:
    name = path.name.lower()
    if name.endswith((".gz", ".tgz")):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return bz2.open(path, "rb") if name.endswith((".bz2", ".tbz2")) else path.open("rb")


def _check_list(path: Path, most: int) -> None:
    """Look at the end of a ZIP file before its list of entries is read into memory."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - _END_BYTES - _LONGEST_NOTE - _LOCATOR_BYTES)
        file.seek(start)
        tail = file.read()
        if (at := tail.rfind(_END)) < 0 or len(tail) < at + _END_BYTES:
            return
        entries, list_bytes = struct.unpack("<HL", tail[at + 10 : at + 16])
        locator = tail[at - _LOCATOR_BYTES : at] if at >= _LOCATOR_BYTES else b""
        if locator.startswith(_LOCATOR):
            file.seek(min(struct.unpack("<Q", locator[8:16])[0], size))
            record = file.read(_END_64_BYTES)
            if record.startswith(_END_64) and len(record) == _END_64_BYTES:
                entries, list_bytes = struct.unpack("<QQ", record[32:48])
    if entries > most or list_bytes > min(_MOST_LIST_BYTES, size):
        found = f"{entries} entries in a list of {list_bytes} bytes"
        raise refuse(str(path), found, f"at most {most} entries, and a list within the file")
