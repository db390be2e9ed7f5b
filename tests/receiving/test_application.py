"""Tests of the receiver's answers: whole images, parts, and a clear refusal of everything else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from edge.given_edge import KEY, an_image, some_keys
from receiving.given_requests import IMAGE, NOW, Requests

from pipeline_tasks.receiving.limits import ReceiverLimits
from pipeline_tasks.sent_images.image_note import read_note

IMAGE_ID = hashlib.sha256(IMAGE).hexdigest()


@pytest.fixture
def requests(tmp_path: Path) -> Requests:
    return Requests(tmp_path)


def test_receiver__publishes_an_image_of_three_parts_with_its_note(requests: Requests) -> None:
    third = len(IMAGE) // 3

    told = [requests.note(IMAGE, score=0.5), requests.part(IMAGE, 0, third), requests.part(IMAGE, third, 2 * third)]
    assert [one.json() for one in told] == [{"received_bytes": n * third, "is_complete": False} for n in range(3)]
    assert requests.images() == []
    last = requests.part(IMAGE, 2 * third)

    assert last.json() == {"received_bytes": len(IMAGE), "is_complete": True}
    (image,) = requests.images()
    assert (image.read_bytes(), image.name) == (IMAGE, f"{IMAGE_ID}.jpg")
    assert read_note(image.with_suffix(".json").read_bytes()).score == 0.5


def test_receiver__says_where_to_go_on_after_a_restart(requests: Requests) -> None:
    requests.note(IMAGE)
    requests.part(IMAGE, 0, 100)
    requests.restart()

    assert requests.note(IMAGE).json() == {"received_bytes": 100, "is_complete": False}
    wrong = requests.part(IMAGE, 50)
    assert (wrong.status_code, wrong.json()["reason"], wrong.json()["received_bytes"]) == (409, "wrong_offset", 100)
    assert requests.part(IMAGE, 100).json()["is_complete"]


def test_receiver__takes_an_image_that_is_sent_twice_once(requests: Requests) -> None:
    requests.note(IMAGE)
    requests.part(IMAGE)

    assert requests.note(IMAGE).json()["is_complete"]
    assert requests.part(IMAGE).json()["is_complete"]
    assert len(requests.images()) == 1


def test_receiver__keeps_an_image_of_two_devices_for_each(requests: Requests) -> None:
    for device in ("gate-1", "gate-2"):
        requests.device = device
        requests.note(IMAGE)
        requests.part(IMAGE)

    assert [path.parts[-3] for path in requests.images()] == ["gate-1", "gate-2"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Nightlens-Signature": "0" * 64}, "bad_signature"),
        ({"Nightlens-Signature": "é"}, "bad_signature"),
        ({"Nightlens-Body": "0" * 64}, "bad_signature"),
        ({"Nightlens-Sequence": "99"}, "bad_signature"),
        ({"Nightlens-Time": f"{NOW - 1:.3f}"}, "bad_signature"),
        ({"Nightlens-Device": "gate-2"}, "unknown_device"),
        ({"Nightlens-Device": "../gate-1"}, "unknown_device"),
        ({"Nightlens-Signature": ""}, "not_signed"),
    ],
)
def test_receiver__refuses_what_its_device_did_not_sign(tmp_path: Path, changed: dict[str, str], reason: str) -> None:
    some_keys(tmp_path, **{"gate-1": KEY})
    requests = Requests(tmp_path)
    target = f"/images/{IMAGE_ID}?offset=0"
    headers = {name: text.encode() for name, text in requests.signed(target, IMAGE, **changed).items()}

    refused = requests.put(target, IMAGE, headers)  # type: ignore[arg-type]

    assert (refused.status_code, refused.json()["reason"]) == (401, reason)
    assert KEY not in refused.text


def test_receiver__refuses_another_path_body_or_key_than_was_signed(requests: Requests) -> None:
    headers = requests.signed(f"/images/{IMAGE_ID}?offset=0", IMAGE)
    other_path = requests.put(f"/images/{IMAGE_ID}?offset=7", IMAGE, headers)
    other_body = requests.put(f"/images/{IMAGE_ID}?offset=0", IMAGE + b"x", headers)
    requests.key = b"k" * 32
    other_key = requests.note(IMAGE)

    assert {one.json()["reason"] for one in (other_path, other_body, other_key)} == {"bad_signature"}


@pytest.mark.parametrize("off_s", [-301, 301, float("nan"), float("inf")])
def test_receiver__refuses_a_wrong_clock_and_tells_its_own(requests: Requests, off_s: float) -> None:
    requests.time = NOW + off_s

    refused = requests.note(IMAGE)

    assert (refused.status_code, refused.json()["reason"], refused.json()["time"]) == (401, "clock_off", NOW)


def test_receiver__accepts_no_request_twice_also_after_a_restart(requests: Requests) -> None:
    target = f"/images/{IMAGE_ID}?offset=0"
    requests.note(IMAGE)
    headers = requests.signed(target, IMAGE[:10])
    assert requests.put(target, IMAGE[:10], headers).status_code == 200

    refused = [requests.put(target, IMAGE[:10], headers)]
    requests.restart()
    refused += [requests.put(target, IMAGE[:10], headers)]

    assert [(one.status_code, one.json()["reason"], one.json()["last_sequence"]) for one in refused] == [(409, "replayed", 2)] * 2


def test_receiver__does_not_use_up_the_sequence_of_a_request_that_it_refuses(requests: Requests) -> None:
    requests.sequence = 10**15
    requests.key, right = b"k" * 32, requests.key
    requests.note(IMAGE)
    requests.key, requests.sequence = right, 0

    assert requests.note(IMAGE).status_code == 200


def test_receiver__refuses_other_bytes_than_the_digest_names(requests: Requests) -> None:
    requests.note(IMAGE)
    target = f"/images/{IMAGE_ID}?offset=0"

    refused = requests.put(target, IMAGE[:-1] + b"x")

    assert (refused.status_code, refused.json()["reason"]) == (422, "wrong_digest")
    assert requests.note(IMAGE).json()["received_bytes"] == 0


@pytest.mark.parametrize(("content", "reason"), [(b"no image at all", "not_an_image"), (b"8BPS" + bytes(60), "unsupported_format")])
def test_receiver__refuses_what_is_no_image(requests: Requests, content: bytes, reason: str) -> None:
    requests.note(content)

    refused = requests.part(content)

    assert (refused.status_code, refused.json()["reason"]) == (422, reason)
    assert requests.images() == []


def test_receiver__refuses_too_many_bytes(tmp_path: Path) -> None:
    requests = Requests(tmp_path, ReceiverLimits(max_image_bytes=1_000, max_part_bytes=500, min_free_bytes=0))
    small = IMAGE[:900]

    assert (requests.note(IMAGE).status_code, requests.note(IMAGE).json()["reason"]) == (413, "too_many_bytes")
    requests.note(small)
    part = requests.part(small)
    assert (part.status_code, part.json()["reason"], part.json()["max_part_bytes"]) == (413, "too_large_part", 500)
    requests.part(small, 0, 450)
    more = requests.put(f"/images/{hashlib.sha256(small).hexdigest()}?offset=450", b"x" * 451)
    assert (more.status_code, more.json()["reason"]) == (422, "more_bytes_came")


def test_receiver__asks_devices_to_wait_while_its_disk_is_full(tmp_path: Path) -> None:
    requests = Requests(tmp_path, ReceiverLimits(min_free_bytes=10**18))

    refused = requests.note(IMAGE)

    assert (refused.status_code, refused.json()["reason"], refused.headers["Retry-After"]) == (507, "inbox_full", "60")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"device": "gate-2"}, "those of the request"),
        ({"latitude_deg": 91.0, "longitude_deg": 0.0}, "latitude_deg: wanted a number from -90 to 90"),
        ({"latitude_deg": 1.0}, "or neither"),
        ({"score": float("nan")}, "score: wanted a number"),
        ({"kept_because": "nice"}, "kept_because"),
        ({"name": "x" * 600}, "name: wanted a text"),
        ({"size_bytes": 0}, "size_bytes: wanted a whole number"),
    ],
)
def test_receiver__refuses_a_note_that_cannot_be_meant(requests: Requests, fields: dict[str, object], says: str) -> None:
    refused = requests.note(IMAGE, **fields)

    assert (refused.status_code, refused.json()["reason"]) == (422, "bad_note")
    assert says in refused.json()["why"]


def test_receiver__wants_the_note_first_and_a_digest_as_name(requests: Requests) -> None:
    assert (requests.part(IMAGE).status_code, requests.part(IMAGE).json()["reason"]) == (409, "no_note")
    assert requests.put("/images/../../etc/passwd", b"x").status_code == 404
    assert requests.put(f"/images/{IMAGE_ID[:-1]}?offset=0", b"x").status_code == 404


def test_receiver__forgets_the_oldest_of_many_unfinished_images(requests: Requests) -> None:
    images = [an_image(number) for number in range(10)]
    for image in images:
        requests.note(image)
        requests.part(image, 0, 10)

    parts = list((requests.folder / "inbox" / ".receiving" / "gate-1").glob("*.part"))

    assert len(parts) == requests.limits.max_unfinished
    assert requests.note(images[0]).json()["received_bytes"] == 0
    assert requests.note(images[-1]).json()["received_bytes"] == 10
