"""Tests of sending: resumed where it broke off, patient with the receiver, and done with images that it refuses."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from edge.given_edge import KEY, a_config

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.outbox import Outbox, Waiting
from pipeline_tasks.edge.receiver_client import ReceiverClient, RefusedImageError, WaitError
from pipeline_tasks.edge.sending import Sender
from pipeline_tasks.edge.settings import OutboxSettings, ReceiverSettings, read_settings
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sent_images.image_note import ImageNote
from pipeline_tasks.sent_images.signature import BODY, DEVICE, SEQUENCE, SIGNATURE, TIME, RequestClaims

CONTENT = bytes(range(256)) * 10
NOTE = ImageNote(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "gate-1", "new")


@dataclass
class Responses:
    """A receiver that gives these responses in turn, and then does what a receiver does."""

    given: list[tuple[int, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    received: bytes = b""
    port: int = 0

    def respond(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        self.asked.append((target, headers, body))
        if self.given:
            return self.given.pop(0)
        if not target.endswith("/note"):
            assert target.endswith(f"?offset={len(self.received)}")
            self.received += body
        return 200, {"received_bytes": len(self.received), "is_complete": self.received == CONTENT}, {}


@contextmanager
def a_receiver(
    *given: tuple[int, dict[str, Any], dict[str, str]], received: bytes = b"", is_closing: bool = False
) -> Iterator[Responses]:
    responses = Responses(list(given), received=received)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, fields, headers = responses.respond(self.path, dict(self.headers), body)
            content = json.dumps(fields).encode()
            self.send_response(status)
            for name, text in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection |= is_closing

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        responses.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield responses
        server.shutdown()


def a_client(folder: Path, receiver: Responses, part_bytes: int = 1_024) -> ReceiverClient:
    return ReceiverClient("gate-1", some_settings(folder, receiver.port, part_bytes), clock=lambda: 1_796_000_000.0)


def some_settings(folder: Path, port: int, part_bytes: int = 1_024) -> ReceiverSettings:
    return read_settings(a_config(folder, port, receiver=f"part_bytes = {part_bytes}")).receiver


def test_client__sends_note_and_parts_signed_and_numbered(tmp_path: Path) -> None:
    with a_receiver() as receiver:
        a_client(tmp_path, receiver).send(Waiting(NOTE, CONTENT))

    target = f"/images/{NOTE.image_id}"
    assert [one[0] for one in receiver.asked] == [f"{target}/note"] + [f"{target}?offset={start}" for start in (0, 1024, 2048)]
    assert (receiver.received, receiver.asked[0][2]) == (CONTENT, NOTE.as_bytes())
    for asked, headers, body in receiver.asked:
        claims = RequestClaims("PUT", asked, headers[DEVICE], headers[TIME], headers[SEQUENCE], hashlib.sha256(body).hexdigest())
        assert claims.is_signed(headers[SIGNATURE], bytes.fromhex(KEY))
        assert headers[BODY] == claims.body_digest
    numbers = [int(one[1][SEQUENCE]) for one in receiver.asked]
    assert numbers == sorted(set(numbers))


def test_client__goes_on_where_an_earlier_try_ended(tmp_path: Path) -> None:
    with a_receiver(received=CONTENT[:2_000]) as receiver:
        a_client(tmp_path, receiver).send(Waiting(NOTE, CONTENT))

    assert [len(body) for _, _, body in receiver.asked[1:]] == [560]


def test_client__sends_no_byte_of_an_image_that_is_there(tmp_path: Path) -> None:
    with a_receiver(received=CONTENT) as receiver:
        a_client(tmp_path, receiver).send(Waiting(NOTE, CONTENT))

    assert len(receiver.asked) == 1


def test_client__uses_the_offset_the_time_and_the_sequence_that_the_receiver_names(tmp_path: Path) -> None:
    corrections = [
        (401, {"reason": "clock_off", "time": 1_796_009_999.0}, {}),
        (409, {"reason": "replayed", "last_sequence": 2 * 10**18}, {}),
        (200, {"received_bytes": 0, "is_complete": False}, {}),
        (409, {"reason": "wrong_offset", "received_bytes": 2_048}, {}),
    ]
    with a_receiver(*corrections, received=CONTENT[:2_048]) as receiver:
        a_client(tmp_path, receiver).send(Waiting(NOTE, CONTENT))

    headers = [one[1] for one in receiver.asked]
    assert [one[TIME] for one in headers[:2]] == ["1796000000.000", "1796009999.000"]
    assert [int(one[SEQUENCE]) for one in headers[2:]] == [2 * 10**18 + number for number in (1, 2, 3)]
    assert receiver.received == CONTENT


@pytest.mark.parametrize(
    ("response", "retry_after_s", "says"),
    [
        ((429, {"reason": "too_busy"}, {"Retry-After": "7"}), 7, "429 too_busy"),
        ((507, {"reason": "inbox_full", "why": "free some"}, {"Retry-After": "60"}), 60, "inbox_full: free some"),
        ((503, {}, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), None, "503"),
        ((401, {"reason": "unknown_device"}, {}), None, "unknown_device"),
        ((200, {"hello": 1}, {}), None, "answers what no receiver of Nightlens does"),
        ((301, {}, {"Location": "http://example.org"}), None, "301"),
    ],
)
def test_client__leaves_for_later_what_is_not_the_fault_of_the_image(
    tmp_path: Path, response: tuple[int, dict[str, Any], dict[str, str]], retry_after_s: float | None, says: str
) -> None:
    with a_receiver(response) as receiver, pytest.raises(WaitError, match=says) as waits:
        a_client(tmp_path, receiver).send(Waiting(NOTE, CONTENT))

    assert waits.value.retry_after_s == retry_after_s


def test_client__says_that_the_receiver_is_away(tmp_path: Path) -> None:
    client = a_client(tmp_path, Responses(port=1))

    with pytest.raises(WaitError, match=r"http://127.0.0.1:1 cannot be reached: ConnectionRefusedError"):
        client.send(Waiting(NOTE, CONTENT))


def test_client__opens_a_connection_that_the_receiver_has_closed_again(tmp_path: Path) -> None:
    with a_receiver(is_closing=True) as receiver:
        a_client(tmp_path, receiver).send(Waiting(NOTE, CONTENT))

    assert receiver.received == CONTENT


def test_client__signs_without_the_path_of_a_proxy(tmp_path: Path) -> None:
    with a_receiver() as receiver:
        settings = replace(some_settings(tmp_path, receiver.port), url=f"http://127.0.0.1:{receiver.port}/nightlens")
        ReceiverClient("gate-1", settings).send(Waiting(NOTE, CONTENT))

    asked, headers, body = receiver.asked[0]
    target = f"/images/{NOTE.image_id}/note"
    claims = RequestClaims("PUT", target, headers[DEVICE], headers[TIME], headers[SEQUENCE], hashlib.sha256(body).hexdigest())
    assert asked == f"/nightlens{target}"
    assert claims.is_signed(headers[SIGNATURE], bytes.fromhex(KEY))


def test_client__gives_up_an_image_that_is_refused(tmp_path: Path) -> None:
    with a_receiver((413, {"reason": "too_many_bytes", "why": "wanted less"}, {})) as receiver:
        client = a_client(tmp_path, receiver)
        with pytest.raises(RefusedImageError, match="wanted less") as refused:
            client.send(Waiting(NOTE, CONTENT))
        client.send(Waiting(NOTE, CONTENT))

    assert refused.value.reason == "too_many_bytes"
    assert receiver.received == CONTENT


class NoPause(threading.Event):
    """An event that notes how long it is waited for, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        return False


def a_sender(folder: Path, receiver: Responses) -> tuple[Sender, Outbox, AgentState, NoPause]:
    settings, state, stop = some_settings(folder, receiver.port), AgentState(folder), NoPause()
    outbox = Outbox(folder / "outbox", OutboxSettings(), state)
    outbox.add(NOTE, CONTENT)
    return Sender(a_client(folder, receiver), outbox, state, settings, stop), outbox, state, stop


def test_sender__pauses_longer_with_each_failure_and_as_long_as_it_is_asked(tmp_path: Path) -> None:
    failures = [(503, {}, {})] * 5 + [(429, {"reason": "too_busy"}, {"Retry-After": "30"})]
    with a_receiver(*failures) as receiver:
        sender, outbox, state, stop = a_sender(tmp_path, receiver)
        while len(outbox):
            sender.send_one()

    # The first pause of at most .05 s doubles up to the longest of .2 s; each is drawn from its upper half.
    for pause_s, longest_s in zip(stop.pauses, (0.05, 0.1, 0.2, 0.2, 0.2), strict=False):
        assert longest_s / 2 <= pause_s <= longest_s
    assert 30.1 <= stop.pauses[5] <= 30.2
    assert state.counts() == {"send_failures": 6, "sent": 1}
    assert not sender.send_one()


def test_sender__drops_a_refused_image_with_its_reason(tmp_path: Path) -> None:
    with a_receiver((422, {"reason": "not_an_image", "why": "no format is known"}, {})) as receiver:
        sender, outbox, state, _ = a_sender(tmp_path, receiver)
        sender.send_one()

    assert len(outbox) == 0
    assert state.counts() == {"dropped_not_an_image": 1}
    ((_, image_id, _, reason, detail),) = state.dropped()
    assert (image_id, reason) == (NOTE.image_id, "not_an_image")
    assert "no format is known" in detail


def test_sender__sends_a_damaged_image_three_times_before_it_drops_it(tmp_path: Path) -> None:
    damaged = (422, {"reason": "wrong_digest", "why": "other bytes"}, {})
    with a_receiver(*[damaged] * 3) as receiver:
        sender, outbox, state, _ = a_sender(tmp_path, receiver)
        for _ in range(3):
            sender.send_one()

    assert state.counts() == {"send_failures": 2, "dropped_wrong_digest": 1}
    assert len(outbox) == 0


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("http://127.0.0.1:1", "http://example.org", "use https, or set receiver.is_plain_allowed"),
        ("http://127.0.0.1:1", "ftp://example.org", "receiver.url: wanted https"),
        ("gate-1", "Gate 1", "device: wanted small letters"),
        ("settle_s = 0", "settle_s = -1", "input.settle_s: wanted a number from 0 to 3600, found -1"),
        ("settle_s = 0", "settle_s = true", "input.settle_s: wanted a number"),
        ('kind = "folder"', 'kind = "webcam"', "input.kind: wanted one of folder, camera, video, found 'webcam'"),
        ('place = "in"', 'place = "http://example.org/"', "found an address; an address is of kind 'camera'"),
        ('backbone = "backbone.onnx"', "", "keep.backbone: wanted a text, found nothing"),
        ("[keep]", "[kept]", r"keep: wanted a section \[keep\], found nothing"),
        ("[keep]", "[asked_for]\nmodel = 'm'\n[keep]", r"asked_for.classes: wanted sections \[\[asked_for.classes\]\]"),
        ("[keep]", "[position]\nlatitude_deg = 1\n[keep]", "position: wanted latitude_deg and longitude_deg, or neither"),
        ("[keep]", "[keep", "wanted TOML"),
    ],
)
def test_settings__say_key_value_and_fix(tmp_path: Path, before: str, after: str, says: str) -> None:
    path = a_config(tmp_path)
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))

    with pytest.raises(SettingsError, match=says):
        read_settings(path)


def test_key__must_not_be_readable_by_others(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, 1)
    settings.key_file.chmod(0o644)

    with pytest.raises(SettingsError, match=r"receiver.key_file: .* may be read by others"):
        ReceiverClient("gate-1", settings)
