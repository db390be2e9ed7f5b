"""One item of a listing: what the source's `fields` find in a row or a piece of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import quote

from pipeline_tasks.json_values import Json
from pipeline_tasks.sources.file_stamps import held, moment_of

METADATA = ("device", "clip", "site", "day")
LONGEST_TEXT = 2_000
"""Letters that are kept of a value."""
_IN_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Item:
    """Facts that a listing tells of one image; None: not told."""

    url: str | None = None
    id: str | None = None
    version: str | None = None
    licence: str | None = None
    author: str | None = None
    page: str | None = None
    captured_at: str | None = None
    """ISO text with a zone."""
    device: str | None = None
    clip: str | None = None
    site: str | None = None
    day: str | None = None

    @classmethod
    def of(cls, row: Json, fields: Mapping[str, str | None], licence_names: Mapping[str, str]) -> Item:
        """Find the values of these fields in a row."""
        found = {
            name: None if spec is None else _value(row, spec, is_address=name in ("url", "page")) for name, spec in fields.items()
        }
        licence, moment = found["licence"], _moment(found["captured_at"])
        found["licence"] = None if licence is None else licence_names.get(licence, licence)
        found["captured_at"] = None if moment is None else moment.isoformat()
        return cls(**found)

    @classmethod
    def from_note(cls, note: str) -> Item:
        """Read what `note` wrote."""
        return cls(**json.loads(note))

    @property
    def note(self) -> str:
        """The item as text that a plan keeps."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None}, ensure_ascii=False)

    @property
    def moment(self) -> datetime | None:
        """The time of the image."""
        return None if self.captured_at is None else datetime.fromisoformat(self.captured_at)


def at_path(row: Json, path: str) -> Json:
    """The value at a path such as `photos.photo.0.id`; None if there is none. A key with dots is found as it is, too."""
    if not path:
        return row
    if isinstance(row, Mapping):
        if path in row:
            return row[path]
        first, _, rest = path.partition(".")
        return at_path(row[first], rest) if first in row and rest else None
    if isinstance(row, Sequence) and not isinstance(row, str):
        first, _, rest = path.partition(".")
        return at_path(row[int(first)], rest) if first.isdigit() and len(first) < 10 and int(first) < len(row) else None
    return None


def named_paths(spec: str) -> list[str]:
    """The paths in a field's text."""
    return _IN_BRACES.findall(spec) if "{" in spec else [spec]


def text_of(value: Json) -> str | None:
    """A value as one line of text; None for lists, objects, truths and empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value) if not isinstance(value, float) or value != int_or_none(value) else str(int(value))
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line[:LONGEST_TEXT] or None


def int_or_none(value: float) -> int | None:
    """A number as an integer, if it is one."""
    return int(value) if value == value and abs(value) < 2**53 and value == int(value) else None


def _value(row: Json, spec: str, *, is_address: bool) -> str | None:
    """The value of a field; a text with braces is None if one of its paths has no value."""
    if "{" not in spec:
        return text_of(at_path(row, spec))
    parts = {path: text_of(at_path(row, path)) for path in named_paths(spec)}
    if None in parts.values():
        return None
    put: Callable[[str], str] = (lambda text: quote(text, safe="")) if is_address else str
    return _IN_BRACES.sub(lambda match: put(str(parts[match[1]])), spec)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return held(moment_of(float(text) * 1e9) if re.fullmatch(r"\d{1,12}(\.\d+)?", text) else datetime.fromisoformat(text))
    except ValueError:
        return None
