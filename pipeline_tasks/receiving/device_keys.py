"""Keys of the devices, in a file that is read again when it changes, so that a key is revoked without a restart."""

from __future__ import annotations

import logging
import threading
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sent_images.image_note import DEVICE
from pipeline_tasks.sent_images.private_files import key_of, read_private

logger = logging.getLogger(__name__)


class DeviceKeys:
    """Keys by device. The file is TOML: `[devices]`, then `gate-1 = "hexadecimal digits"`, or a list while a key is changed."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SettingsError: it cannot be read, others may read it, or an entry cannot be meant.
        """
        self._path, self._lock = path, threading.Lock()
        self._stamp, self._keys = self._marks(), read_keys(path)

    def of(self, device: str) -> tuple[bytes, ...]:
        """Keys that a device may use; none for an unknown one. A broken file leaves the keys as they were."""
        with self._lock:
            stamp = self._marks()
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._keys = read_keys(self._path)
                    logger.info("keys of %d devices read again", len(self._keys))
                except SettingsError as error:
                    logger.error("keys are left as they were: %s", error)
            return self._keys.get(device, ())

    def _marks(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def read_keys(path: Path) -> Mapping[str, tuple[bytes, ...]]:
    """Read all keys.

    Raises:
        SettingsError: the file or an entry cannot be meant. No key is repeated.
    """
    try:
        devices = tomllib.loads(read_private(path, "keys").decode()).get("devices")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"keys: wanted TOML in {path}: {type(error).__name__}") from error
    if not isinstance(devices, dict) or not devices:
        raise SettingsError(f'keys: wanted a section [devices] with a line gate-1 = "…" for each device in {path}, found none')
    return {device: _keys(device, given) for device, given in devices.items()}


def _keys(device: str, given: object) -> tuple[bytes, ...]:
    if not DEVICE.fullmatch(device):
        raise SettingsError(f"keys: {device!r}: wanted a device's id of small letters, digits, - and _, at most 64")
    listed: list[object] = given if isinstance(given, list) else [given]
    texts = [text for text in listed if isinstance(text, str)]
    if not texts or len(texts) < len(listed):
        raise SettingsError(f"keys: {device}: wanted a text, or a list of texts")
    return tuple(key_of(text, f"keys: {device}") for text in texts)
