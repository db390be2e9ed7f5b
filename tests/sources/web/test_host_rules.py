"""Tests of the hosts that a web source may ask, and of connections to checked addresses."""

from __future__ import annotations

from collections.abc import Sequence

import httpcore
import pytest

from pipeline_tasks.sources.web.address import Address
from pipeline_tasks.sources.web.host_rules import HostRules, is_public
from pipeline_tasks.sources.web.network import CheckedNetwork, PrivateAddressError


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1"),
        *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "no address"),
    ],
)
def test_private_addresses__are_known_in_every_writing(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses__are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://api.example/x", True),
        ("https://API.Example./x", True),
        ("http://img.example/x", True),
        ("https://img.example:8443/x", False),
        ("https://ported.example:8443/x", True),
        ("https://ported.example/x", False),
        ("https://a.cdn.example/x", True),
        ("https://a.b.cdn.example/x", True),
        ("https://cdn.example/x", False),
        ("https://evilcdn.example/x", False),
        ("https://api.example.evil/x", False),
        ("https://elsewhere.example/x", False),
    ],
)
def test_hosts__are_those_of_the_list(url: str, is_allowed: bool) -> None:
    rules = HostRules(Address.parse("https://api.example/"), ["img.example", "ported.example:8443", "*.cdn.example"])

    assert (rules.why_not(Address.parse(url)) is None) == is_allowed


def test_star__means_every_public_host_on_the_usual_ports() -> None:
    rules = HostRules(None, ["*"])

    assert rules.why_not(Address.parse("https://anything.example/")) is None
    assert rules.why_not(Address.parse("https://anything.example:8080/")) is not None
    assert rules.why_not_at("anything.example", 443, "10.0.0.1") is not None


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "/x", "file:///etc/passwd", "gopher://a.example/", "https://", "https://a b.example/", "https://a.example/\n"),
        *("https://user:pass@a.example/", "https://a.example\\@b.example/", "https://a.example:99999/", "https://a..example/"),
        *("https://[::1/", "https://%61.example/", "https://a.example/" + "x" * 5000),
    ],
)
def test_address__that_cannot_be_asked_for_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Address.parse(text)


def test_address__is_sent_as_it_is_checked() -> None:
    found = Address.parse("HTTPS://Bücher.Example:443/ä/b?q=ä#part")

    assert (found.host, found.port, found.target) == ("xn--bcher-kva.example", 443, "/%C3%A4/b?q=%C3%A4")
    assert found.url == "https://xn--bcher-kva.example/%C3%A4/b?q=%C3%A4"
    assert Address.parse("../c.jpg", found).target == "/c.jpg"


class Recorded(httpcore.NetworkBackend):
    """Remembers where a connection was asked for; the first place does not answer."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def connect_tcp(self, host: str, port: int, *rest: object, **more: object) -> httpcore.NetworkStream:
        self.places.append(host)
        if len(self.places) == 1:
            raise httpcore.ConnectError("closed")
        return httpcore.NetworkStream()


def test_name__is_resolved_once_and_the_checked_address_is_connected_to() -> None:
    answers = [["93.184.216.34", "93.184.216.35"], ["127.0.0.1"]]

    def resolve(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    inner = Recorded()
    network = CheckedNetwork(HostRules(None, ["*"]), resolve, inner)

    network.connect_tcp("rebound.example", 443)
    assert inner.places == ["93.184.216.34", "93.184.216.35"]
    with pytest.raises(PrivateAddressError):
        network.connect_tcp("rebound.example", 443)
    assert len(inner.places) == 2


def test_name__with_one_private_address_among_public_ones_is_refused() -> None:
    inner = Recorded()

    with pytest.raises(PrivateAddressError, match=r"private address 10\.0\.0\.1"):
        CheckedNetwork(HostRules(None, ["*"]), lambda *_: ["93.184.216.34", "10.0.0.1"], inner).connect_tcp("mixed.example", 80)
    assert inner.places == []
