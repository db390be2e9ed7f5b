"""Trials of a connection: list, read, versions, and only if asked for, conditional writes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_tasks.errors import NightlensError
from pipeline_tasks.sources.s3_errors import OTHER_VERSION, Place, code_of, of_bucket, of_object


@dataclass(frozen=True)
class Trial:
    """Outcome of one trial."""

    name: str
    is_fine: bool
    says: str


def trials(client: Any, place: Place, *, writes: bool) -> Iterator[Trial]:
    """Try what a source needs, and with `writes` what a root needs: it puts one object below the prefix and deletes it.

    Nothing is written without `writes`.
    """
    yield tried("list", lambda: _list(client, place))
    yield tried("read", lambda: _read(client, place))
    yield Trial("versions", is_fine=True, says=_versions(client, place))
    if writes:
        yield tried("conditional put", lambda: _put(client, place))


def tried(name: str, run: Callable[[], str]) -> Trial:
    """Run a trial; an error of ours is its outcome."""
    try:
        return Trial(name, is_fine=True, says=run())
    except NightlensError as error:
        return Trial(name, is_fine=False, says=str(error))


def _first_key(client: Any, place: Place) -> str | None:
    """Key of the first object that has bytes, behind the prefix."""
    try:
        page = client.list_objects_v2(Bucket=place.bucket, Prefix=place.prefix)
    except (ClientError, BotoCoreError) as error:
        raise of_bucket(error, place, "s3:ListBucket") from error
    keys = (str(one["Key"])[len(place.prefix) :] for one in page.get("Contents", []) if one["Size"])
    return next(keys, None)


def _list(client: Any, place: Place) -> str:
    first = _first_key(client, place)
    return "allowed, but no object is there" if first is None else f"allowed; the first object is {first!r}"


def _read(client: Any, place: Place) -> str:
    key = _first_key(client, place)
    if key is None:
        return "not tried: there is no object to read"
    try:
        response = client.get_object(Bucket=place.bucket, Key=place.prefix + key, Range="bytes=0-0")
        with closing(response["Body"]) as body:
            body.read()
    except ClientError as error:
        raise of_object(error, key, place) from error
    except BotoCoreError as error:
        raise of_bucket(error, place, "s3:GetObject") from error
    return f"allowed; read the first byte of {key!r}"


def _versions(client: Any, place: Place) -> str:
    """A sentence on the versions of the bucket; no role needs to know of them."""
    try:
        status = client.get_bucket_versioning(Bucket=place.bucket).get("Status")
    except (ClientError, BotoCoreError) as error:
        code = code_of(error) if isinstance(error, ClientError) else type(error).__name__
        return f"not known ({code}), and not needed"
    return "kept: a source may set lists_versions: true" if status == "Enabled" else "not kept"


def _put(client: Any, place: Place) -> str:
    key = f"{place.prefix}connect-{uuid.uuid4().hex}"
    try:
        client.put_object(Bucket=place.bucket, Key=key, Body=b"first", IfNoneMatch="*")
        try:
            return _put_again(client, place, key)
        finally:
            client.delete_object(Bucket=place.bucket, Key=key)
    except (ClientError, BotoCoreError) as error:
        raise of_bucket(error, place, "s3:PutObject and s3:DeleteObject") from error


def _put_again(client: Any, place: Place, key: str) -> str:
    try:
        client.put_object(Bucket=place.bucket, Key=key, Body=b"second", IfNoneMatch="*")
    except ClientError as error:
        if code_of(error) in OTHER_VERSION:
            return "allowed, and the store refuses to overwrite (`If-None-Match: *`)"
        raise
    raise NightlensError(f"{place}: the store overwrote an object in spite of `If-None-Match: *`; no root can be kept there")
