"""Circumstances of a capture: time, camera, exposure and position, as an image's EXIF data states them.

A field that is absent or cannot be read is None, and `exif_troubles` names those that cannot. Nothing here fails an image.
No serial number, name or remark is read, because it would name a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from pipeline_tasks.images.exif.blocks import exif_block
from pipeline_tasks.images.exif.capture_time import TIME_TAGS, Clock, captured_by_camera, captured_by_gps
from pipeline_tasks.images.exif.position import POSITION_TAGS, position
from pipeline_tasks.images.exif.tags import Directory, Tags, Wanted, read_tags
from pipeline_tasks.images.exif.trouble import Trouble

_MAKE, _MODEL = 0x010F, 0x0110
_EXPOSURE_S, _F_NUMBER, _ISO, _FOCAL_LENGTH_MM = 0x829A, 0x829D, 0x8827, 0x920A
_LIMITS = {_EXPOSURE_S: 86_400.0, _F_NUMBER: 1_000.0, _ISO: 50_000_000.0, _FOCAL_LENGTH_MM: 100_000.0}
"""Tag → largest value that is believed; 0 and below are never."""
_WANTED = Wanted({_MAKE, _MODEL}, {*_LIMITS, *TIME_TAGS}, POSITION_TAGS)
_LONGEST_CAMERA = 120

T = TypeVar("T")


@dataclass(frozen=True)
class Capture:
    """Columns of a sighting that come from EXIF data; None: not known."""

    captured_at: datetime | None = None
    """In UTC."""
    captured_from: str | None = None
    """`exif`: the file states its offset from UTC; `exif_zone`: the camera's clock, read in the source's zone; `gps`."""
    camera: str | None = None
    exposure_s: float | None = None
    f_number: float | None = None
    focal_length_mm: float | None = None
    iso: int | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    exif_troubles: str | None = None
    """`field: reason` of each field that the file has and that cannot be read, joined by commas; empty: none; None: not read."""


NOT_READ = Capture()


@dataclass(frozen=True)
class CaptureRules:
    """Settings for reading EXIF data."""

    zone: ZoneInfo
    """Of clocks whose offset the file does not state."""
    latest: datetime
    """A later time is refused."""
    position_digits: int | None
    """Decimal digits of degrees that are kept; None: no position is kept."""


def capture_of(content: bytes, rules: CaptureRules) -> Capture:
    """Read the EXIF data in a file's bytes."""
    block = exif_block(content)
    if block is None:
        return NOT_READ
    if not block:
        return Capture(exif_troubles="")
    try:
        tags = read_tags(block, _WANTED)
    except Trouble as trouble:
        return Capture(exif_troubles=f"exif: {trouble.reason}")
    return _Reading(tags, rules).capture()


@dataclass
class _Reading:
    """Reads field after field, and remembers troubles."""

    tags: Tags
    rules: CaptureRules
    troubles: dict[str, str] = field(default_factory=dict)

    def capture(self) -> Capture:
        """All columns."""
        found = Capture(
            camera=self._read("camera", lambda: _camera(self.tags.image)),
            exposure_s=self._read("exposure_s", lambda: _number(self.tags.exif, _EXPOSURE_S)),
            f_number=self._read("f_number", lambda: _number(self.tags.exif, _F_NUMBER)),
            focal_length_mm=self._read("focal_length_mm", lambda: _number(self.tags.exif, _FOCAL_LENGTH_MM)),
            iso=self._read("iso", lambda: _whole(self.tags.exif, _ISO)),
        )
        found = self._with_position(self._with_time(found))
        said = ", ".join(f"{name}: {self.troubles[name]}" for name in _names() if name in self.troubles)
        return replace(found, exif_troubles=said)

    def _with_time(self, found: Capture) -> Capture:
        """The camera's time, or else that of GPS; a trouble of the former stays named."""
        clock = Clock(self.rules.zone, self.rules.latest)
        time = self._read("captured_at", lambda: captured_by_camera(self.tags.exif, clock))
        if time is None:
            try:
                time = captured_by_gps(self.tags.gps, clock)
            except Trouble as trouble:
                self.troubles.setdefault("captured_at", trouble.reason)
        return found if time is None else replace(found, captured_at=time[0], captured_from=time[1])

    def _with_position(self, found: Capture) -> Capture:
        digits = self.rules.position_digits
        if digits is None:
            return found
        place = self._read("position", lambda: position(self.tags.gps, digits))
        return found if place is None else replace(found, latitude_deg=place[0], longitude_deg=place[1])

    def _read(self, name: str, read: Callable[[], T | None]) -> T | None:
        try:
            return read()
        except Trouble as trouble:
            self.troubles[name] = trouble.reason
            return None


def _names() -> Iterator[str]:
    """Names of fields in the order of the columns; a position is one."""
    yield from ("position" if one.name == "latitude_deg" else one.name for one in fields(Capture))


def _camera(image: Directory) -> str | None:
    """Make and model; the make is left out where the model begins with it."""
    make, model = (_text(image, number) for number in (_MAKE, _MODEL))
    said = model if model.casefold().startswith(make.casefold()) else f"{make} {model}".strip()
    if len(said) > _LONGEST_CAMERA:
        raise Trouble("too_long")
    return said or None


def _text(directory: Directory, number: int) -> str:
    tag = directory.get(number)
    if isinstance(tag, Trouble):
        if tag.reason == "not_set":
            return ""
        raise tag
    return "" if tag is None else tag.text()


def _number(directory: Directory, number: int) -> float | None:
    tag = directory.get(number)
    if isinstance(tag, Trouble):
        raise tag
    if tag is None:
        return None
    found = tag.numbers()[0]
    if not 0 < found <= _LIMITS[number]:
        raise Trouble("out_of_range")
    return float(found)


def _whole(directory: Directory, number: int) -> int | None:
    found = _number(directory, number)
    if found is not None and found != int(found):
        raise Trouble("wrong_type")
    return None if found is None else int(found)
