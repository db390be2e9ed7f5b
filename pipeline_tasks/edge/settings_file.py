"""Typed reading of a settings file's sections; the device has no library for it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json


class Section:
    """One section. Each method reads a key, and raises SettingsError with the key, what was found and what is wanted."""

    def __init__(self, given: Mapping[str, Json], name: str, folder: Path) -> None:
        """Read from `given`; relative paths lie in `folder`."""
        self.name, self._given, self._folder = name, given, folder
        self._read: set[str] = set()

    def text(self, key: str) -> str:
        """A text that must be there."""
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "a text", value)
        return value

    def path(self, key: str) -> Path:
        """A path that must be there."""
        return self._folder / self.text(key)

    def path_or_none(self, key: str) -> Path | None:
        """A path, or None."""
        return self.path(key) if self._value(key) is not None else None

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._value(key)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return default if value is None else value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """One of these texts, which must be there."""
        value = self._value(key)
        if value not in choices:
            raise self._wrong(key, f"one of {', '.join(choices)}", value)
        return str(value)

    def number_or_none(self, key: str, *, least: float, largest: float) -> float | None:
        """A number in a range, or None."""
        value = self._value(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and least <= value <= largest:
            return float(value)
        raise self._wrong(key, f"a number from {least:g} to {largest:g}", value)

    def number(self, key: str, default: float, *, least: float, largest: float) -> float:
        """A number in a range."""
        value = self.number_or_none(key, least=least, largest=largest)
        return default if value is None else value

    def whole(self, key: str, default: int, *, least: int, largest: int) -> int:
        """A whole number in a range."""
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= largest:
            raise self._wrong(key, f"a whole number from {least} to {largest}", value)
        return value

    def section(self, key: str, *, is_optional: bool = False) -> Section:
        """A section below this one."""
        value = self._value(key)
        if value is None and is_optional:
            value = {}
        if not isinstance(value, dict):
            raise self._wrong(key, f"a section [{key}]", value)
        return Section(value, self._at(key), self._folder)

    def sections(self, key: str) -> Iterator[Section]:
        """The sections of a list, of which there must be one."""
        value = self._value(key)
        if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
            raise self._wrong(key, f"sections [[{self._at(key)}]]", value)
        return (Section(one, f"{self._at(key)}[{number}]", self._folder) for number, one in enumerate(value, 1))

    def refuse_others(self) -> None:
        """Refuse keys that nothing has read, which may be misspelled."""
        for key in self._given:
            if key not in self._read:
                near = difflib.get_close_matches(key, sorted(self._read), n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(self._read))}"
                raise SettingsError(f"{self._at(key)}: unknown ({hint})")

    def _value(self, key: str) -> Json:
        self._read.add(key)
        return self._given.get(key)

    def _at(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _wrong(self, key: str, wanted: str, found: object) -> SettingsError:
        return SettingsError(f"{self._at(key)}: wanted {wanted}, found {'nothing' if found is None else repr(found)[:80]}")
