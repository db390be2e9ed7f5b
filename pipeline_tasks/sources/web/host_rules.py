"""Hosts that a web source may ask: those on its list, and none with a private address unless it is named."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from pipeline_tasks.sources.web.address import PORTS, Address

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones behind a translator (RFC 6052)."""


class HostRules:
    """The host of the source's own address, and those of the lists.

    `hosts` are `name`, `name:port`, `*.domain`, or `*` for every public host; without a port only 80 and 443 are meant.
    `private_hosts` are names or addresses, of the same forms, that may lie in a private network.
    """

    def __init__(self, own: Address | None, hosts: Iterable[str] = (), private_hosts: Iterable[str] = ()) -> None:
        """`own` is always allowed to be asked, but not to be private."""
        self._own = None if own is None else own.place
        self._private = [one.lower() for one in private_hosts]
        self._hosts = [*(one.lower() for one in hosts), *self._private]

    def why_not(self, address: Address) -> str | None:
        """Reason not to ask for an address, before its name is resolved; None to ask."""
        if address.place == self._own or any(_is_meant(pattern, address) for pattern in self._hosts):
            return None
        return f"the host {address.place} is not in `hosts` of the source; add it there if its images are wanted"

    def why_not_at(self, host: str, port: int, found: str) -> str | None:
        """Reason not to connect to `found`, an IP address of this host; None to connect."""
        if is_public(found):
            return None
        asked = Address("http", host, port, "/")
        if any(_is_meant(pattern, asked) for pattern in self._private):
            return None
        return f"the host {host} has the private address {found}; name it in `private_hosts` of the source if that is meant"


def is_public(address: str) -> bool:
    """Return True if an IP address belongs to the public internet, and so does the IPv4 address that it stands for."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None and not is_public(str(inner)):
            return False
        if found.ipv4_mapped is not None or found in _TRANSLATED:
            return True
    return found.is_global and not found.is_multicast


def _is_meant(pattern: str, address: Address) -> bool:
    name, port = _name_and_port(pattern)
    if (address.port not in PORTS.values()) if port is None else (address.port != port):
        return False
    if name == "*":
        return True
    return address.host.endswith(name[1:]) if name.startswith("*.") else address.host == name


def _name_and_port(pattern: str) -> tuple[str, int | None]:
    """The parts of `name`, `name:port`, an IPv6 address, or `[IPv6]:port`."""
    if pattern.startswith("["):
        name, _, port = pattern[1:].partition("]")
        port = port.removeprefix(":")
    elif pattern.count(":") == 1:
        name, _, port = pattern.partition(":")
    else:
        name, port = pattern, ""
    return name, int(port) if port.isdigit() else None
