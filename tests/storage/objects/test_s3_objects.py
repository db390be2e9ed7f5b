"""Tests with lost responses and refusals, which a real server cannot produce on demand."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from pipeline_tasks.errors import (
    AlreadyThereError,
    ChangedMeanwhileError,
    NotFoundError,
    ServiceRefusedError,
    ServiceUnavailableError,
)
from pipeline_tasks.storage.objects import s3_objects
from pipeline_tasks.storage.objects.s3_objects import S3Objects

LOST = ReadTimeoutError(endpoint_url="http://s3")


def refusal(status: int, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")


class Body:
    def __init__(self, content: bytes) -> None:
        self.read = lambda: content


class LosingResponses:
    """Carries out requests, and then loses its first responses or responds otherwise."""

    def __init__(self, *trouble: Exception) -> None:
        self.trouble = list(trouble)
        self.stored: dict[str, tuple[bytes, str]] = {}

    def put_object(self, Key: str, Body: bytes, IfNoneMatch: str | None = None, IfMatch: str | None = None, **_: Any) -> Any:
        standing = self.stored.get(Key)
        if (IfNoneMatch and standing) or (IfMatch and (standing is None or standing[1] != IfMatch)):
            raise refusal(412, "PreconditionFailed")
        self.stored[Key] = (Body, f"etag-{Body!r}")
        if self.trouble:
            raise self.trouble.pop(0)
        return {"ETag": self.stored[Key][1]}

    def get_object(self, Key: str, **_: Any) -> Any:
        if Key not in self.stored:
            raise refusal(404, "NoSuchKey")
        return {"Body": Body(self.stored[Key][0]), "ETag": self.stored[Key][1]}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_objects, "FIRST_PAUSE_S", 0)


@pytest.mark.parametrize("trouble", [LOST, refusal(503, "SlowDown"), refusal(409, "ConditionalRequestConflict")])
def test_write_new__reads_back_after_a_lost_response(trouble: Exception) -> None:
    objects = S3Objects(LosingResponses(trouble), "b", "p")

    etag = objects.write_new("k", b"1")

    assert objects.read("k").etag == etag


def test_write_new__is_refused_without_a_lost_response_even_if_the_bytes_agree() -> None:
    objects = S3Objects(LosingResponses(), "b", "")
    objects.write_new("k", b"1")

    with pytest.raises(AlreadyThereError, match="s3://b/k"):
        objects.write_new("k", b"1")


def test_write_new__after_a_lost_response_refuses_the_object_of_another_writer() -> None:
    client = LosingResponses()
    client.stored["k"] = (b"other", "e")
    flaky = iter([LOST])

    def put_object(**arguments: Any) -> Any:
        for trouble in flaky:
            raise trouble
        return LosingResponses.put_object(client, **arguments)

    client.put_object = put_object  # type: ignore[method-assign, assignment]
    with pytest.raises(AlreadyThereError):
        S3Objects(client, "b", "").write_new("k", b"1")


def test_replace__reads_back_after_a_lost_response() -> None:
    client = LosingResponses()
    objects = S3Objects(client, "b", "")
    etag = objects.write_new("k", b"1")
    client.trouble = [LOST]

    newer = objects.replace("k", b"2", etag)

    assert objects.read("k").content == b"2"
    with pytest.raises(ChangedMeanwhileError):
        objects.replace("k", b"3", etag)
    assert newer == objects.read("k").etag


def test_retries__end_with_an_error_that_names_the_address() -> None:
    def away(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://s3")

    client = LosingResponses()
    client.get_object = away  # type: ignore[method-assign, assignment]
    with pytest.raises(ServiceUnavailableError, match="s3://b/p/k: the S3 endpoint does not answer"):
        S3Objects(client, "b", "p").read("k")


def test_read__distinguishes_a_missing_key_from_a_refusal() -> None:
    client = LosingResponses()
    with pytest.raises(NotFoundError):
        S3Objects(client, "b", "").read("k")

    def forbidden(**_: Any) -> Any:
        raise refusal(403, "AccessDenied")

    client.get_object = forbidden  # type: ignore[method-assign, assignment]
    with pytest.raises(ServiceRefusedError, match="AccessDenied"):
        S3Objects(client, "b", "").read("k")
