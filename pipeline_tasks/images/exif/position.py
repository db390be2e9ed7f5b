"""Position of a capture by GPS, rounded."""

from __future__ import annotations

from pipeline_tasks.images.exif.capture_time import GPS_DATE, GPS_TIME
from pipeline_tasks.images.exif.tags import Directory, Tag
from pipeline_tasks.images.exif.trouble import Trouble

_LATITUDE, _LONGITUDE = (0x0001, 0x0002, "NS", 90.0), (0x0003, 0x0004, "EW", 180.0)
"""Tags of the hemisphere and of degrees, minutes and seconds; the letters of both hemispheres; the largest angle."""
_STATUS = 0x0009
POSITION_TAGS = frozenset((*_LATITUDE[:2], *_LONGITUDE[:2], _STATUS, GPS_DATE, GPS_TIME))


def position(gps: Directory, digits: int) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, north and east positive, rounded to these digits; None if the file has none.

    Raises:
        Trouble: half of it is missing, or it cannot be a position. Receivers write 0, 0 before they know.
    """
    if _LATITUDE[1] not in gps and _LONGITUDE[1] not in gps:
        return None
    status = gps.get(_STATUS)
    if isinstance(status, Tag) and status.raw[:1] == b"V":
        raise Trouble("no_fix")
    latitude, longitude = _angle(gps, *_LATITUDE), _angle(gps, *_LONGITUDE)
    if latitude == longitude == 0:
        raise Trouble("no_fix")
    return round(latitude, digits) + 0.0, round(longitude, digits) + 0.0


def _angle(gps: Directory, hemisphere: int, angle: int, letters: str, largest: float) -> float:
    tag, side = gps.get(angle), gps.get(hemisphere)
    if tag is None:
        raise Trouble("not_set")
    if isinstance(tag, Trouble):
        raise tag
    letter = side.text().upper() if isinstance(side, Tag) else ""
    if letter not in tuple(letters):
        raise Trouble("no_hemisphere")
    parts = (*tag.numbers(), 0.0, 0.0)[:3]
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    if any(part < 0 for part in parts) or degrees > largest:
        raise Trouble("out_of_range")
    return -degrees if letter == letters[1] else degrees
