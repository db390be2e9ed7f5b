"""Note that a device sends with an image: what it knows of the capture, and why it kept the image."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from typing import Any, Literal, get_args

Reason = Literal["new", "diverse", "asked_for"]
REASONS: tuple[Reason, ...] = get_args(Reason)
DEVICE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Form of a device's id; it names folders."""
DIGEST = re.compile(r"[0-9a-f]{64}")
MAX_NOTE_BYTES = 8_192
_LONGEST_TEXT = 500
_MOMENTS = ("captured_at", "modified_at")
_NUMBERS = {
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
    "exposure_s": (0.0, 86_400.0),
    "clip_time_s": (0.0, 1e9),
    "distance": (0.0, 1.0),
    "score": (0.0, 1.0),
}
"""Field → least and largest value."""


@dataclass(frozen=True)
class ImageNote:
    """All that is sent of one image beside its bytes; None: not known."""

    image_id: str
    """Sha256 of the image's bytes."""
    size_bytes: int
    device: str
    kept_because: Reason
    """`new`: no kept image is within `min_distance`; `diverse`: beyond the threshold of the target ratio; `asked_for`: a class."""
    name: str | None = None
    """Name of the file on the device."""
    captured_at: datetime | None = None
    """In UTC, by the device's clock."""
    modified_at: datetime | None = None
    clip: str | None = None
    clip_time_s: float | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    exposure_s: float | None = None
    distance: float | None = None
    """Distance to the nearest kept image, from 0 to 1; None for the first one."""
    asked_for: str | None = None
    """Class that was asked for."""
    score: float | None = None
    """Score of that class."""
    model_digest: str | None = None
    """Sha256 of the file of the model that gave the score."""

    def as_bytes(self) -> bytes:
        """The note as JSON; equal notes are equal bytes."""
        written = {name: _written(value) for name, value in asdict(self).items() if value is not None}
        return json.dumps(written, sort_keys=True, ensure_ascii=False).encode()


def read_note(content: bytes) -> ImageNote:
    """Read a note that someone else may have written.

    Raises:
        ValueError: the field, what was found and what is wanted.
    """
    if len(content) > MAX_NOTE_BYTES:
        raise ValueError(f"note: found {len(content)} bytes, wanted at most {MAX_NOTE_BYTES}")
    try:
        given = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("note: wanted JSON in UTF-8") from error
    if not isinstance(given, dict):
        raise ValueError(f"note: wanted an object, found {type(given).__name__}")
    known = [field.name for field in fields(ImageNote)]
    # A later release may send more.
    values = {name: _read(name, given[name]) for name in known if given.get(name) is not None}
    missing = [name for name in ("image_id", "size_bytes", "device", "kept_because") if name not in values]
    if missing:
        raise ValueError(f"note: wanted the fields {', '.join(missing)}, which are missing")
    if ("latitude_deg" in values) != ("longitude_deg" in values):
        raise ValueError("note: wanted latitude_deg and longitude_deg, or neither")
    return ImageNote(**values)


def _written(value: object) -> object:
    return value.astimezone(timezone.utc).isoformat() if isinstance(value, datetime) else value


def _read(name: str, value: object) -> Any:
    """A field's value."""
    if name in _MOMENTS:
        return _moment(name, value)
    if name in _NUMBERS:
        return _number(name, value, *_NUMBERS[name])
    if name == "size_bytes":
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}: wanted a whole number above 0, found {_shown(value)}")
        return value
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or "\0" in value:
        raise ValueError(f"{name}: wanted a text of at most {_LONGEST_TEXT} letters, found {_shown(value)}")
    if not _is_meant(name, value):
        raise ValueError(f"{name}: {_shown(value)} cannot be meant")
    return value.encode("utf-8", "replace").decode()


def _is_meant(name: str, text: str) -> bool:
    patterns: Mapping[str, re.Pattern[str]] = {"image_id": DIGEST, "model_digest": DIGEST, "device": DEVICE}
    if name in patterns:
        return patterns[name].fullmatch(text) is not None
    return name != "kept_because" or text in REASONS


def _moment(name: str, value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{name}: wanted a time with its offset, such as 2026-11-30T02:00:00+00:00, found {_shown(value)}")


def _number(name: str, value: object, least: float, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= largest:
        raise ValueError(f"{name}: wanted a number from {least:g} to {largest:g}, found {_shown(value)}")
    return float(value)


def _shown(value: object) -> str:
    return repr(value)[:80]
