"""Time of a capture: by the camera's clock, or by GPS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from pipeline_tasks.images.exif.tags import Directory, Tag
from pipeline_tasks.images.exif.trouble import Trouble

_CLOCKS = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292))
"""Tags of the time, its offset from UTC and its fraction of a second: of the original, then of its digitization.

The tag of a file's last change is not among them: programs that edit images write it.
"""
GPS_TIME, GPS_DATE = 0x0007, 0x001D
TIME_TAGS = frozenset(number for clock in _CLOCKS for number in clock)
_EARLIEST = datetime(1990, 1, 1, tzinfo=timezone.utc)
_MOMENT = re.compile(r"(\d{4})[:-](\d{2})[:-](\d{2})[ T](\d{2}):(\d{2}):(\d{2})")
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_DATE = re.compile(r"(\d{4})[:-](\d{2})[:-](\d{2})")
_UNSET = re.compile(r"[\s0:]*")

Captured = tuple[datetime, str]
"""A time in UTC, and where it comes from."""


@dataclass(frozen=True)
class Clock:
    """Rules for times."""

    zone: ZoneInfo
    latest: datetime

    def checked(self, moment: datetime) -> datetime:
        """The moment in UTC.

        Raises:
            Trouble: it cannot be the time of a capture.
        """
        try:
            utc = moment.astimezone(timezone.utc)
        except OverflowError as error:
            raise Trouble("impossible") from error
        if utc < _EARLIEST:
            raise Trouble("before_1990")
        if utc > self.latest:
            raise Trouble("in_the_future")
        return utc


def captured_by_camera(exif: Directory, clock: Clock) -> Captured | None:
    """Time by the camera's clock; None if the file has none.

    Raises:
        Trouble: no time that the file has can be read.
    """
    troubles: list[Trouble] = []
    for time, offset, fraction in _CLOCKS:
        try:
            found = _by_clock(exif, time, offset, fraction, clock)
        except Trouble as trouble:
            troubles.append(trouble)
            continue
        if found is not None:
            return found
    if troubles:
        raise troubles[0]
    return None


def captured_by_gps(gps: Directory, clock: Clock) -> Captured | None:
    """Time by GPS, which is UTC; None if the file has none.

    Raises:
        Trouble: it cannot be read.
    """
    day, time = _there(gps, GPS_DATE), _there(gps, GPS_TIME)
    if day is None or time is None:
        return None
    match, parts = _DATE.fullmatch(day.text()), time.numbers()
    if match is None or len(parts) != 3 or not all(0 <= part <= 60 for part in parts):
        raise Trouble("impossible")
    try:
        moment = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=timezone.utc)
        moment += timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])
    except (ValueError, OverflowError) as error:
        raise Trouble("impossible") from error
    return clock.checked(moment), "gps"


def _by_clock(exif: Directory, time: int, offset: int, fraction: int, clock: Clock) -> Captured | None:
    tag = _there(exif, time)
    if tag is None:
        return None
    text = tag.text()
    if _UNSET.fullmatch(text):
        raise Trouble("not_set")
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise Trouble("impossible")
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        moment = datetime(year, month, day, hour, minute, second) + _fraction(exif, fraction)
    except (ValueError, OverflowError) as error:
        raise Trouble("impossible") from error
    zone = _zone(exif, offset)
    return clock.checked(moment.replace(tzinfo=zone or clock.zone)), "exif" if zone else "exif_zone"


def _zone(exif: Directory, number: int) -> timezone | None:
    """The stated offset; None if none is stated, or none that can be."""
    try:
        tag = _there(exif, number)
        match = None if tag is None else _OFFSET.fullmatch(tag.text())
    except Trouble:
        return None
    if match is None:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset) if offset <= timedelta(hours=14) else None


def _fraction(exif: Directory, number: int) -> timedelta:
    """The digits behind the second; 0 if they cannot be read, because the second is right without them."""
    try:
        tag = _there(exif, number)
        digits = "" if tag is None else tag.text()
    except Trouble:
        digits = ""
    return timedelta(seconds=float(f"0.{digits[:6]}")) if digits.isascii() and digits.isdigit() else timedelta()


def _there(directory: Directory, number: int) -> Tag | None:
    tag = directory.get(number)
    if isinstance(tag, Trouble):
        raise tag
    return tag
