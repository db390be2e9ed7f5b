"""Files of one format that were found in a folder, before anything is read whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.errors import SettingsError


@dataclass(frozen=True)
class Finding:
    """Files that hold annotations of one format."""

    files: tuple[Path, ...]
    label_kinds: tuple[str, ...]
    """Label kinds that can be read from them, the likeliest first."""


def refuse(where: str, found: str, wanted: str) -> SettingsError:
    """The error of a file that cannot be meant as it is."""
    return SettingsError(f"{where}: wanted {wanted}, found {found}")
