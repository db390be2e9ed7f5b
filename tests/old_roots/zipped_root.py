"""A project's root and the files beside it as one zip, whose bytes depend only on the files' contents."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def pack(files: Mapping[str, bytes], where: Path) -> None:
    """Write the files, sorted by their names, without times."""
    with zipfile.ZipFile(where, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=9)


def unpack(where: Path) -> dict[str, bytes]:
    """Read all files."""
    with zipfile.ZipFile(where) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
