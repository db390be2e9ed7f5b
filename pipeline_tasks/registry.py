"""A registry: names of things that do one job in different ways, each loaded when it is first asked for."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from pipeline_tasks.errors import SettingsError

T = TypeVar("T")


class Registry(Generic[T]):
    """Name → where the thing is; a project file may also name one of its own as `module:attribute`."""

    def __init__(self, what: str, entries: Mapping[str, str], members: tuple[str, ...] = ()) -> None:
        """`entries` are `module:attribute` by name; `members` are attributes that everything in the registry has."""
        self.what = what
        self.entries = dict(entries)
        self._members = members

    @property
    def names(self) -> tuple[str, ...]:
        """The names that come with Nightlens, in order."""
        return tuple(self.entries)

    def __contains__(self, name: object) -> bool:
        """Tell whether a name comes with Nightlens."""
        return name in self.entries

    def check(self, name: str) -> str:
        """Return a name that can be meant, without importing anything.

        Raises:
            ValueError: it is neither known nor of the form `module:attribute`.
        """
        if name not in self and not is_reference(name):
            raise ValueError(f"{unknown(self.what, name, self.names)}; name one of your own as module:attribute")
        return name

    def load(self, name: str) -> T:
        """Import the thing of this name.

        Raises:
            SettingsError: an unknown name, or a `module:attribute` that cannot be imported or lacks a member.
        """
        try:
            reference = self.entries.get(name) or self.check(name)
        except ValueError as error:
            raise SettingsError(str(error)) from error
        module, _, attribute = reference.partition(":")
        try:
            found: T = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise SettingsError(f"{self.what} {name!r} cannot be imported: {error}") from error
        lacking = [member for member in self._members if not hasattr(found, member)]
        if lacking:
            raise SettingsError(f"{self.what} {name!r} is not complete: it lacks {', '.join(lacking)}")
        return found

    def load_all(self) -> Iterator[tuple[str, T]]:
        """Import everything that comes with Nightlens, in order."""
        return ((name, self.load(name)) for name in self.entries)


def is_reference(name: str) -> bool:
    """Tell whether a name has the form `module:attribute`."""
    module, colon, attribute = name.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), attribute))


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is not known: `unknown strategy 'coverge' (did you mean 'coverage'?)`, or which names are."""
    names = list(known)
    near = nearest(name, names)
    hint = f"known: {', '.join(names)}" if near is None else f"did you mean {near!r}?"
    return f"unknown {what} {name!r} ({hint})"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a misspelled one is most like; None if none is like it."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)
