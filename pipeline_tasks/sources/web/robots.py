"""Rules of a site for programs, its `robots.txt` (RFC 9309)."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from pipeline_tasks.sources.web.address import Address
from pipeline_tasks.sources.web.fetching import Fetcher, NotFetchedError, Wanted

AGENT = "nightlens"
"""The name under which a site's rules may speak of Nightlens."""
MAX_BYTES = 500_000
"""Bytes that are read of a site's rules, as the RFC asks."""
MAX_S = 20.0


@dataclass(frozen=True)
class RobotsRules:
    """Rules for one agent: pattern → whether it allows."""

    rules: tuple[tuple[str, bool], ...] = ()

    @classmethod
    def read(cls, text: str, agent: str = AGENT) -> RobotsRules:
        """Read the group of this agent, else that of all others."""
        groups: dict[str, list[tuple[str, bool]]] = {}
        names: list[str] = []
        is_among_names = False
        for field, value in _lines(text):
            if field == "user-agent":
                name = value.lower().partition("/")[0].strip()
                names = [*names, name] if is_among_names else [name]
                is_among_names = True
                groups.setdefault(name, [])
            elif field in ("allow", "disallow"):
                is_among_names = False
                for name in names if value else ():
                    groups[name].append((value, field == "allow"))
        return cls(tuple(groups.get(agent, groups.get("*", []))))

    def allow(self, target: str) -> bool:
        """Return True if this path and query may be asked for: the longest pattern that matches decides, and allowing wins."""
        path = unquote(target)
        found = [(len(pattern), is_allowed) for pattern, is_allowed in self.rules if _matches(unquote(pattern), path)]
        return max(found, default=(0, True))[1]


class Robots:
    """The rules of all sites that are asked, each read once."""

    def __init__(self, fetcher: Fetcher) -> None:
        """Read them through this fetcher."""
        self._fetcher = fetcher
        self._known: dict[str, RobotsRules | NotFetchedError] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def check(self, address: Address) -> None:
        """Do nothing if the site's rules allow this address.

        Raises:
            NotFetchedError: they do not, or cannot be read, which counts as a refusal.
        """
        with self._lock:
            of_this_site = self._locks[address.origin]
        with of_this_site:
            if address.origin not in self._known:
                self._known[address.origin] = self._read(address)
            rules = self._known[address.origin]
        if isinstance(rules, NotFetchedError):
            raise NotFetchedError(
                "unreadable", f"robots.txt cannot be read, so nothing is asked for there: {rules}", is_passing=True
            )
        if not rules.allow(address.target):
            detail = f"robots.txt of {address.place} forbids {address.shown}; ask its owner, and then set `robots: ignore`"
            raise NotFetchedError("unreadable", detail)

    def _read(self, address: Address) -> RobotsRules | NotFetchedError:
        try:
            found = self._fetcher.get(Address.parse("/robots.txt", address), Wanted(MAX_BYTES, MAX_S))
        except NotFetchedError as error:
            # No rules are no prohibition (RFC 9309, 2.3.1.3); a site that fails forbids everything (2.3.1.4).
            return RobotsRules() if error.status is not None and 400 <= error.status < 500 and not error.is_passing else error
        return RobotsRules.read(found.body.decode("utf-8", "replace"))


def _lines(text: str) -> Iterable[tuple[str, str]]:
    """Field and value of each line that has both, without comments."""
    for line in text.removeprefix("\ufeff").splitlines():
        field, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield field.strip().lower(), value.strip()


def _matches(pattern: str, path: str) -> bool:
    """Match a pattern with `*` and a closing `$` at the path's begin, in time that grows with their lengths alone."""
    is_whole = pattern.endswith("$")
    first, *parts = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for part in parts[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if not parts:
        return at == len(path) if is_whole else True
    if is_whole:
        return len(path) - len(parts[-1]) >= at and path.endswith(parts[-1])
    return path.find(parts[-1], at) >= 0
