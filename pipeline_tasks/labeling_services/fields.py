"""Fields of JSON and CSV from services, each read or named in a sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from pipeline_tasks.labeling_services.service import Drawn, Point
from pipeline_tasks.records.cycle import utc


class UnreadableFieldError(ValueError):
    """A field is missing or wrong; the message names it, what was wanted and what was found."""


def unreadable(field: str, wanted: str, found: object) -> UnreadableFieldError:
    """The error, with what was found cut to a line."""
    said = "nothing" if found is None or found == "" else repr(found)[:80]
    return UnreadableFieldError(f"field {field}: wanted {wanted}, found {said}")


def member(holder: object, field: str, path: str = "") -> object:
    """A field of an object, None if it is not there.

    Raises:
        UnreadableFieldError: the holder is no object.
    """
    if not isinstance(holder, Mapping):
        raise unreadable(path or field, "an object", holder)
    return holder.get(field)


def text(value: object, field: str) -> str:
    """A text that is not empty.

    Raises:
        UnreadableFieldError: it is none.
    """
    if not isinstance(value, str) or not value.strip():
        raise unreadable(field, "a text", value)
    return value.strip()


def number(value: object, field: str) -> float:
    """A finite number, perhaps as text.

    Raises:
        UnreadableFieldError: it is none.
    """
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise unreadable(field, "a number", value)
    return found


def items(value: object, field: str) -> Sequence[object]:
    """A list.

    Raises:
        UnreadableFieldError: it is none.
    """
    if not isinstance(value, list):
        raise unreadable(field, "a list", value)
    return value


def moment(value: object, field: str) -> datetime:
    """An ISO time, of UTC if it names no zone.

    Raises:
        UnreadableFieldError: it is none.
    """
    try:
        return utc(text(value, field))
    except ValueError:
        raise unreadable(field, "an ISO time", value) from None


def parsed(content: str, field: str) -> object:
    """JSON.

    Raises:
        UnreadableFieldError: it is none.
    """
    try:
        found: object = json.loads(content)
    except ValueError as error:
        raise UnreadableFieldError(f"field {field}: wanted JSON, found {content[:60]!r} ({error})") from None
    return found


def box(value: object, name: str, field: str) -> Drawn:
    """A box with `left`, `top`, `width` and `height` in pixels.

    Raises:
        UnreadableFieldError: a number is missing.
    """
    left, top, width, height = (number(member(value, one, field), f"{field}.{one}") for one in ("left", "top", "width", "height"))
    return Drawn(name, box_px=(left, top, width, height))


def polygon(value: object, name: str, field: str) -> Drawn:
    """A polygon as a list of `x` and `y` in pixels; a last point that repeats the first is left out.

    Raises:
        UnreadableFieldError: a number is missing.
    """
    points: list[Point] = [
        (number(member(one, "x", field), f"{field}[{place}].x"), number(member(one, "y", field), f"{field}[{place}].y"))
        for place, one in enumerate(items(value, field))
    ]
    return Drawn(name, points_px=tuple(points[:-1] if len(points) > 1 and points[0] == points[-1] else points))
