"""API keys of the server's clients: optional, several at once, and read again when their file changes."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_tasks.errors import SettingsError

VARIABLE = "NIGHTLENS_API_KEYS"
LEAST_KEY = 20
logger = logging.getLogger(__name__)


class ApiKeys:
    """Keys that clients may send; only their digests are held."""

    def __init__(self, keys: Sequence[str], path: Path | None = None) -> None:
        """Accept `keys`, or those of the file `path`, one a line, which may change while the server runs.

        Raises:
            SettingsError: there is no key, the file cannot be read, or a key is too short to be one. No key is repeated.
        """
        self._path, self._lock = path, threading.Lock()
        self._stamp = self._marks()
        self._digests = _digests(keys if path is None else _read(path))

    def accepts(self, sent: str) -> bool:
        """Compare a key with every one, in a time that says nothing about them. A broken file leaves the keys as they were."""
        digest = hashlib.sha256(sent.encode("utf-8", "surrogateescape")).digest()
        return sum(hmac.compare_digest(digest, one) for one in self._current()) > 0

    def _current(self) -> Sequence[bytes]:
        with self._lock:
            stamp = self._marks()
            if self._path is not None and stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._digests = _digests(_read(self._path))
                    logger.info("%d API keys read again", len(self._digests))
                except SettingsError as error:
                    logger.error("API keys are left as they were: %s", error)
            return self._digests

    def _marks(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat() if self._path else None
        except OSError:
            return None
        return status and (status.st_mtime_ns, status.st_size, status.st_ino)


def api_keys(environment: Mapping[str, str]) -> ApiKeys | None:
    """The keys in `NIGHTLENS_API_KEYS` (with spaces between them) or in the file that `NIGHTLENS_API_KEYS_FILE` names.

    None if neither is set: then everyone who reaches the server may ask it.

    Raises:
        SettingsError: both are set, or the keys cannot be used.
    """
    given, file = environment.get(VARIABLE), environment.get(f"{VARIABLE}_FILE")
    if given is not None and file is not None:
        raise SettingsError(f"{VARIABLE} and {VARIABLE}_FILE are both set: wanted one of them")
    if given is None and file is None:
        return None
    return ApiKeys((given or "").split(), None if file is None else Path(file))


def _read(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{VARIABLE}_FILE: {path} cannot be read: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _digests(keys: Sequence[str]) -> list[bytes]:
    if not keys:
        raise SettingsError(f"{VARIABLE}: wanted at least one key, found none; make one with `openssl rand -hex 20`")
    for number, key in enumerate(keys, start=1):
        if len(key) < LEAST_KEY or not key.isascii():
            raise SettingsError(
                f"{VARIABLE}: key {number}: wanted at least {LEAST_KEY} ASCII characters, found {len(key)}; "
                "make one with `openssl rand -hex 20`"
            )
    return [hashlib.sha256(key.encode()).digest() for key in keys]
