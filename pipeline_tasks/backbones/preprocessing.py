"""Preprocessing of a network as Hugging Face writes it down, as one factor and one shift for each channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline_tasks.errors import SettingsError

FILE = "preprocessor_config.json"
_CHANNELS = 3


@dataclass(frozen=True)
class Preprocessing:
    """Bytes x of RGB images become x * factors + shifts; sizes and crops of the file are not used: `backbone.side_px` says them."""

    factors: tuple[float, ...]
    shifts: tuple[float, ...]
    is_blue_first: bool = False
    """The network takes BGR; factors and shifts are in its order."""

    @property
    def words(self) -> str:
        """Description that goes into the digest."""
        return json.dumps(asdict(self), sort_keys=True)


def read_preprocessing(folder: Path, key: str = "backbone.weights") -> Preprocessing:
    """Read `preprocessor_config.json`; `key` is that of the project file that names the folder.

    Raises:
        SettingsError: it is no JSON object, or normalises by nothing.
    """
    path = folder / FILE
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{key}: {path} cannot be read: {error}") from error
    if not isinstance(known, dict):
        raise SettingsError(f"{key}: wanted a JSON object in {path}, found {type(known).__name__}")
    return _preprocessing(known, path, key)


def _preprocessing(known: Mapping[str, Any], path: Path, key: str) -> Preprocessing:
    scale = float(known.get("rescale_factor", 1 / 255)) if known.get("do_rescale", True) else 1.0
    offset = 1.0 if known.get("rescale_offset", False) else 0.0
    means, spreads = [0.0] * _CHANNELS, [1.0] * _CHANNELS
    if known.get("do_normalize", "image_mean" in known):
        means, spreads = (_of_channels(known, name, path, key) for name in ("image_mean", "image_std"))
    # EfficientNet divides by the spread once more (`include_top`), as its weights were trained.
    again = spreads if known.get("include_top", False) else [1.0] * _CHANNELS
    factors = tuple(scale / spread / more for spread, more in zip(spreads, again, strict=True))
    shifts = tuple((-offset - mean) / spread / more for mean, spread, more in zip(means, spreads, again, strict=True))
    return Preprocessing(factors, shifts, bool(known.get("do_flip_channel_order", False)))


def _of_channels(known: Mapping[str, Any], name: str, path: Path, key: str) -> list[float]:
    found = known.get(name)
    if not isinstance(found, list) or len(found) != _CHANNELS or not all(isinstance(one, int | float) for one in found):
        raise SettingsError(f"{key}: wanted {name} as three numbers in {path}, found {found!r}")
    return [float(one) for one in found]
