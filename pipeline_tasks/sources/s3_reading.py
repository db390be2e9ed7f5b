"""Read one object of a bucket: exactly the version that was listed, whole, and checked against the store's checksums."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError, IncompleteReadError, ResponseStreamingError

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.s3_errors import Place, of_bucket, of_object
from pipeline_tasks.sources.s3_versions import S3Version

TRIES_OF_A_BODY = 3
"""Tries to get a whole body; boto3 repeats requests, not what breaks off behind their first byte."""
_OWN_KEYS = {"aws:kms", "aws:kms:dsse"}
"""Encryption under which an ETag is no MD5 sum, whatever it looks like."""


def read_object(client: Any, place: Place, key: str, wanted: S3Version, *, compares_md5: bool) -> bytes:
    """Return the object's bytes.

    Raises:
        RejectedFileError: `vanished`, `changed_while_reading`, or `unreadable` with what is wrong.
        ServiceError: the store does not answer, or refuses every request.
    """
    said = ""
    for _ in range(TRIES_OF_A_BODY):
        try:
            content, is_md5 = _get(client, place, key, wanted)
        except ClientError as error:
            raise of_object(error, key, place) from error
        except (IncompleteReadError, ResponseStreamingError) as error:
            said = f"its body breaks off: {error}"
            continue
        except FlexibleChecksumError as error:
            said = f"its bytes do not have the checksum that the store keeps: {error}"
            continue
        except BotoCoreError as error:
            raise of_bucket(error, place, "s3:GetObject") from error
        said = _differs(content, wanted, compares_md5=compares_md5 and is_md5)
        if not said:
            return content
    raise RejectedFileError("unreadable", f"{key}: {said} (in {TRIES_OF_A_BODY} tries)")


def _get(client: Any, place: Place, key: str, wanted: S3Version) -> tuple[bytes, bool]:
    """The bytes, and True if the ETag may be their MD5 sum."""
    # A version id names the bytes, whatever lies under the key by now; otherwise the ETag must still be the one that was listed.
    which = {"IfMatch": f'"{wanted.etag}"'} if wanted.version_id is None else {"VersionId": wanted.version_id}
    response = client.get_object(Bucket=place.bucket, Key=place.prefix + key, ChecksumMode="ENABLED", **which)
    with closing(response["Body"]) as body:
        if response["ETag"].strip('"') != wanted.etag or response["ContentLength"] != wanted.size_bytes:
            raise RejectedFileError("changed_while_reading", f"{key}: was overwritten after it was listed")
        content: bytes = body.read()
    is_md5 = response.get("ServerSideEncryption") not in _OWN_KEYS and "SSECustomerAlgorithm" not in response
    return content, is_md5


def _differs(content: bytes, wanted: S3Version, *, compares_md5: bool) -> str:
    """The difference between bytes and version in words; empty if there is none."""
    if len(content) != wanted.size_bytes:
        return f"wanted {wanted.size_bytes} bytes, found {len(content)}"
    if compares_md5 and wanted.md5 is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != wanted.md5:
        return f"its bytes do not have the MD5 sum of its ETag {wanted.md5}; if ETags are none there, set has_md5_etags: false"
    return ""
