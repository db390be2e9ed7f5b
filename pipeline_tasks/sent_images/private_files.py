"""Files that nobody else may read, such as keys."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pipeline_tasks.errors import SettingsError

FEWEST_KEY_BYTES = 32


def read_private(path: Path, where: str) -> bytes:
    """Read a file that only its owner may read; `where` names its setting in messages.

    Raises:
        SettingsError: it cannot be read, or others may read it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise SettingsError(f"{where}: {path} may be read by others (mode {stat.S_IMODE(mode):04o}); run chmod 600 {path}")
            return file.read()
    except OSError as error:
        raise SettingsError(f"{where}: wanted a file that can be read, found {path}: {error.strerror}") from error


def key_of(text: str, where: str) -> bytes:
    """A key from its hexadecimal digits.

    Raises:
        SettingsError: it is too short, or has other letters. The key is not repeated.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) < FEWEST_KEY_BYTES:
        wanted = f"wanted at least {2 * FEWEST_KEY_BYTES} hexadecimal digits, found {len(text.strip())} letters"
        raise SettingsError(f"{where}: {wanted}; make a key with: openssl rand -hex {FEWEST_KEY_BYTES}")
    return key
