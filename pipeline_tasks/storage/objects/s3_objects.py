"""Object store in an S3 bucket: conditional puts; after a lost response, reading back shows what was written.

Works with any S3-compatible endpoint that supports `If-None-Match: *` and `If-Match` on PutObject.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypedDict, TypeVar, Unpack

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from pipeline_tasks.errors import (
    AlreadyThereError,
    ChangedMeanwhileError,
    NotFoundError,
    ServiceRefusedError,
    ServiceUnavailableError,
    StorageError,
)
from pipeline_tasks.json_values import Json
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import StoredObject

R = TypeVar("R")

TRIES = 5
FIRST_PAUSE_S = 0.2
_PASSING = {"409", "429", "500", "502", "503", "504", "ConditionalRequestConflict", "SlowDown", "InternalError", "RequestTimeout"}
_MISSING = {"404", "NoSuchKey", "NotFound"}
_PRECONDITION = {"412", "PreconditionFailed"}


class S3Objects:
    """An object store in a bucket below a prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        """Use a boto3 client without its own retries: a retry must know that an earlier try may have succeeded."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/")

    def __repr__(self) -> str:
        """Show the address."""
        return f"S3Objects('s3://{self._bucket}/{self._prefix}')"

    def read(self, key: str) -> StoredObject:
        """Return the whole object."""

        def get_whole(_: bool) -> StoredObject:
            response = self._client.get_object(Bucket=self._bucket, Key=self._name(key))
            return StoredObject(response["Body"].read(), response["ETag"])

        return self._patiently(get_whole, key)

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return a part of the object."""
        if length <= 0:
            return b""

        def get_range(_: bool) -> bytes:
            response = self._client.get_object(
                Bucket=self._bucket, Key=self._name(key), Range=f"bytes={start}-{start + length - 1}"
            )
            return bytes(response["Body"].read())

        try:
            return self._patiently(get_range, key)
        except _BehindTheEndError:
            return b""

    def write_new(self, key: str, content: bytes) -> str:
        """Put under a free key."""
        taken = AlreadyThereError(f"{self._address(key)}: an object is already there")
        return self._put(key, content, {"IfNoneMatch": "*"}, taken)

    def replace(self, key: str, content: bytes, etag: str) -> str:
        """Replace the object that has `etag`."""
        changed = ChangedMeanwhileError(f"{self._address(key)}: was replaced by another process")
        return self._put(key, content, {"IfMatch": etag}, changed)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, sorted by code point."""
        yield from (key for key, _ in self.sizes(prefix))

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield keys and sizes, sorted by code point; a listing contains both."""
        cut = len(self._name(""))
        token: dict[str, str] = {}
        while True:
            page = self._patiently(self._page_getter(prefix, token), prefix)
            for entry in page.get("Contents", []):
                yield entry["Key"][cut:], int(entry["Size"])
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _put(self, key: str, content: bytes, condition: dict[str, str], refusal: StorageError) -> str:
        """Put under a condition; a 412 after a lost response is resolved by reading back."""

        def put_once(is_retry: bool) -> str:
            """Put, and return the etag; a repeated put whose bytes are there already has succeeded the first time."""
            try:
                with around("s3.put"):
                    response = self._client.put_object(Bucket=self._bucket, Key=self._name(key), Body=content, **condition)
                return str(response["ETag"])
            except ClientError as error:
                if _code(error) not in _PRECONDITION:
                    raise
                standing = self.read(key)
                if is_retry and standing.content == content:
                    return standing.etag
                raise refusal from error

        return self._patiently(put_once, key)

    def _page_getter(self, prefix: str, token: dict[str, str]) -> Callable[[bool], Any]:
        return lambda _: self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._name(prefix), **token)

    def delete(self, key: str) -> None:
        """Delete the object; a missing one is not an error."""
        with around("s3.delete"):
            self._patiently(lambda _: self._client.delete_object(Bucket=self._bucket, Key=self._name(key)), key)

    def _name(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def _address(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._name(key)}"

    def _patiently(self, call: Callable[[bool], R], key: str) -> R:
        """Retry while the endpoint does not respond; `call` is told if an earlier try may have succeeded."""
        for number in range(TRIES):
            try:
                return call(number > 0)
            except ClientError as error:
                if _code(error) in _MISSING:
                    raise NotFoundError(f"{self._address(key)}: no such object") from error
                if _code(error) == "InvalidRange":
                    raise _BehindTheEndError(key) from error
                if _code(error) not in _PASSING:
                    raise ServiceRefusedError(f"{self._address(key)}: the S3 endpoint refuses: {error}") from error
                last: Exception = error
            except (ConnectionError, HTTPClientError) as error:
                last = error
            time.sleep(FIRST_PAUSE_S * 2**number)
        raise ServiceUnavailableError(f"{self._address(key)}: the S3 endpoint does not answer: {last}") from last


class _BehindTheEndError(StorageError):
    """A range begins after the object's end."""


class MoreOfAConnection(TypedDict, total=False):
    """Parts of a connection that few stores need."""

    session_token: str | None
    """Of keys that a role has for an hour."""
    profile: str | None
    """Profile of boto3's shared configuration."""
    certificates: str | bool | None
    """File of certificates to trust, or False for none checked."""
    options: Mapping[str, Json]
    """Arguments of botocore's Config, such as `{"s3": {"addressing_style": "path"}}`."""


def make_client(
    url: str | None, access_key: str | None, secret_key: str | None, region: str | None, **more: Unpack[MoreOfAConnection]
) -> Any:
    """Create a boto3 client for `S3Objects`; boto3 searches for arguments that are None."""
    import boto3
    from botocore.config import Config

    # Endpoints other than Amazon's may refuse the checksums that newer clients add by default.
    checksums: dict[str, Any] = {} if url is None else {"request_checksum_calculation": "when_required"}
    standing = Config(signature_version="s3v4", connect_timeout=5, read_timeout=60, **checksums)
    options: dict[str, Any] = dict(more.get("options") or {})
    # Retries stay ours, whatever the connection says: `S3Objects` must know of each.
    config = standing.merge(Config(**options)).merge(Config(retries={"total_max_attempts": 1}))
    return boto3.Session(profile_name=more.get("profile")).client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=more.get("session_token"),
        region_name=region or "us-east-1",
        verify=more.get("certificates"),
        config=config,
    )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) or str(error.response["ResponseMetadata"]["HTTPStatusCode"])
