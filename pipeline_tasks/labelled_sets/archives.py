"""Archives of labelled sets unpacked into a folder of their own: no entry leaves it, replaces another or fills the disk."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.finding import refuse
from pipeline_tasks.labelled_sets.archive_entries import Entry, refusing_damage, tar_entries, zip_entries
from pipeline_tasks.labelled_sets.set_names import ARCHIVE_ENDINGS

_CHUNK_BYTES = 2**20
_NAME_BYTES, _PATH_BYTES, _DEEPEST = 255, 2048, 64
_NESTED = (*ARCHIVE_ENDINGS, ".rar", ".7z", ".tar.xz", ".tar.zst")


@dataclass(frozen=True)
class Limits:
    """Largest archive that is unpacked."""

    files: int = 2_000_000
    ratio: int = 200
    """Unpacked bytes over those of the archive; images hardly shrink, annotations by some tens."""
    free_bytes: int = 2**26
    """Unpacked bytes that no ratio forbids."""
    spare_bytes: int = 2**30
    """Bytes that stay free on the disk."""

    def most_bytes(self, archive_bytes: int, folder: Path) -> int:
        """Bytes that an archive of this size may become in a folder."""
        free = shutil.disk_usage(folder).free - self.spare_bytes
        return min(free, max(self.free_bytes, self.ratio * archive_bytes))


def is_archive(path: Path) -> bool:
    """Return True for the name of an archive that can be unpacked."""
    return path.name.lower().endswith(ARCHIVE_ENDINGS)


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> None:
    """Unpack a ZIP or TAR file into a new folder.

    Raises:
        SettingsError: an entry is no plain file or folder inside, two have one name, or the archive is too large or damaged; the
            message names archive and entry. What was unpacked so far is in the folder, for the caller to remove.
    """
    limits = limits or Limits()
    folder.mkdir(parents=True)
    left = limits.most_bytes(archive.stat().st_size, folder)
    names = _Names()
    with refusing_damage(str(archive)):
        for entry in _entries(archive, limits):
            where = f"{archive}: {_shown(entry.name)}"
            if entry.problem:
                raise refuse(where, entry.problem, "plain files and folders; pack it again without it")
            if not (parts := _parts(entry, where)):
                continue
            names.add(parts, entry, where)
            if entry.is_folder:
                folder.joinpath(*parts).mkdir(parents=True, exist_ok=True)
                continue
            if entry.size > left:
                wanted = f"at most {limits.ratio} times the archive's size, and less than the free space of {folder}"
                raise refuse(where, f"{entry.size} bytes more, unpacked", wanted)
            left -= entry.size
            _write(entry, folder.joinpath(*parts), where)


def _entries(archive: Path, limits: Limits) -> Iterator[Entry]:
    return (zip_entries if archive.name.lower().endswith(".zip") else tar_entries)(archive, limits.files)


def _parts(entry: Entry, where: str) -> tuple[str, ...]:
    """The folders and the name of an entry inside the archive."""
    name = entry.name
    wanted = "a name inside the archive with / between folders; pack it again"
    if name.startswith("/") or name[1:2] == ":" or "\\" in name:
        raise refuse(where, "an absolute name or a backslash", wanted)
    if any(ord(letter) < 32 and letter != "\n" for letter in name) or "\x7f" in name:
        raise refuse(where, "a control character in its name", wanted)
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise refuse(where, "a name that leads out of the archive", wanted)
    if len(parts) > _DEEPEST or len(os.fsencode(name)) > _PATH_BYTES or any(len(os.fsencode(one)) > _NAME_BYTES for one in parts):
        raise refuse(where, "a name that is too long or too deep", f"names of at most {_NAME_BYTES} bytes in {_DEEPEST} folders")
    if parts and not entry.is_folder and parts[-1].lower().endswith(_NESTED):
        raise refuse(where, "an archive inside the archive", "a set that is packed once; unpack this one first")
    return parts


class _Names:
    """Names of an archive's entries, each of which is one file or one folder, also where case and accents are not told apart."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._files: dict[str, str] = {}

    def add(self, parts: tuple[str, ...], entry: Entry, where: str) -> None:
        """Note an entry and the folders above it.

        Raises:
            SettingsError: another entry has this name, or one that differs only in case or in the form of its letters.
        """
        folders = len(parts) if entry.is_folder else len(parts) - 1
        for depth in range(1, folders + 1):
            name = "/".join(parts[:depth])
            first = self._folders.setdefault(_alike(name), name)
            if first != name or _alike(name) in self._files:
                raise _twice(where, first)
        if not entry.is_folder:
            name = "/".join(parts)
            if (other := self._files.get(_alike(name)) or self._folders.get(_alike(name))) is not None:
                raise _twice(where, other)
            self._files[_alike(name)] = name


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _twice(where: str, other: str) -> SettingsError:
    return refuse(where, f"also {_shown(other)}", "each name once, and not told apart by case or accents alone")


def _write(entry: Entry, path: Path, where: str) -> None:
    """Write a file that is not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with entry.open() as file, path.open("xb") as out:
        while chunk := file.read(min(_CHUNK_BYTES, entry.size + 1 - written)):
            written += len(chunk)
            if written > entry.size:
                break
            out.write(chunk)
    if written != entry.size:
        raise refuse(where, f"{written} bytes or more", f"{entry.size} bytes, as the archive says; pack it again")
    os.utime(path, (entry.modified_s, entry.modified_s))


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:80]}…")
