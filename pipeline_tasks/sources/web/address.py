"""Web addresses, taken apart once, so that what is checked is what is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

LONGEST = 4_000
"""Letters of an address; longer ones are refused."""
PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True)
class Address:
    """One address of the schemes http and https."""

    scheme: str
    host: str
    """In small letters, without the brackets of IPv6 and without a dot at its end."""
    port: int
    target: str
    """Path and query, as they are sent."""

    @classmethod
    def parse(cls, text: str, base: Address | None = None) -> Address:
        """Read an address; a relative one is meant from `base`.

        Raises:
            ValueError: it is no address that can be asked for.
        """
        if len(text) > LONGEST:
            raise ValueError(f"an address of {len(text)} letters, wanted at most {LONGEST}")
        # Python's own reading drops line ends silently, so they are looked for before.
        if _FORBIDDEN.search(text):
            raise ValueError("an address with a space, a control character or a backslash")
        parts = urlsplit(text if base is None else urljoin(base.url, text))
        if parts.scheme not in PORTS:
            raise ValueError(f"an address of the scheme {parts.scheme!r}, wanted http or https")
        if parts.username is not None or parts.password is not None:
            raise ValueError("an address with a user name or password")
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
        return cls(parts.scheme, _host_of(parts.hostname), parts.port or PORTS[parts.scheme], target + query)

    @property
    def place(self) -> str:
        """The host, with its port unless that is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme and place."""
        return f"{self.scheme}://{self.place}"

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin + self.target

    @property
    def shown(self) -> str:
        """The address in a message: without its query, which may hold a key."""
        return self.origin + self.target.partition("?")[0]


def _host_of(name: str | None) -> str:
    """The host as it is resolved.

    Raises:
        ValueError: there is none, or it cannot be one.
    """
    try:
        host = (name or "").rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"an address with the host {name!r}, which cannot be one") from error
    if not _HOST.fullmatch(host):
        raise ValueError("an address without a host" if not host else f"an address with the host {host!r}, which cannot be one")
    return host
