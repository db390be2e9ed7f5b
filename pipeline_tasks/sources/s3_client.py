"""Clients for reading buckets, with retries of their own: a read may be repeated, whatever became of the try before."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache
from typing import Any

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.s3_connection import S3Connection

TRIES = 5
"""Tries of one request; the pauses between them grow, also where the store asks to slow down."""
CONNECTIONS = 32
"""Maximum number of files that one process reads at once."""


def open_client(connection: S3Connection) -> Any:
    """Open a boto3 client; nothing is sent yet.

    Raises:
        SettingsError: boto3 has no profile of this name, or the address is none.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    # Endpoints other than Amazon's may refuse the checksums that newer clients add by default.
    checksums: dict[str, Any] = {} if connection.url is None else {"request_checksum_calculation": "when_required"}
    standing = Config(
        signature_version="s3v4",
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=CONNECTIONS,
        **checksums,
    )
    try:
        config = standing.merge(Config(**_options(connection)))
        session = _session(connection.profile)
        return session.client(
            "s3",
            endpoint_url=connection.url,
            aws_access_key_id=connection.access_key,
            aws_secret_access_key=connection.secret_key,
            aws_session_token=connection.session_token,
            region_name=connection.region or session.region_name or "us-east-1",
            verify=connection.certificates,
            config=config,
        )
    except (BotoCoreError, ValueError, TypeError) as error:
        raise SettingsError(f"{connection.called}: no client for S3 can be made of it: {error}") from error


def _options(connection: S3Connection) -> dict[str, Any]:
    from botocore import UNSIGNED

    named = dict(connection.options)
    return named | {"signature_version": UNSIGNED} if named.get("signature_version") == "unsigned" else named


@cache
def _session(profile: str | None) -> Any:
    """A session of boto3's whose answers hold times in UTC; its own reading of times takes a third of a long listing.

    One a process and profile, because each reads the description of S3 anew, which takes half a second.
    """
    import boto3
    from botocore.session import get_session

    session = get_session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return boto3.Session(botocore_session=session, profile_name=profile)


def _moment(text: Any) -> datetime:
    from botocore.utils import parse_timestamp

    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        found = parse_timestamp(text)
    return found.astimezone(timezone.utc)
